//! Faults of what workers write beside rows: links, and what somebody else writes in the transaction.

use super::{Faults, Wrong, tables::Calls};

pub const FAULTS: Faults = &[
    ("links_go_with_the_checkpoint", || {
        Wrong::with_tables(Calls {
            // It keeps the rows alone.
            flush: |it, mut flush| {
                flush.put_links = &[];
                it.right_tables().flush(flush)
            },
            ..Calls::right()
        })
    }),
    ("what_is_written_beside_goes_with_the_checkpoint", || {
        Wrong::with_tables(Calls {
            // It moves the checkpoint even if the other says that nothing is to be written.
            flush_beside: |it, flush, beside| {
                Box::pin(async move {
                    let written = it.right_tables().flush_beside(flush, beside).await?;
                    Ok(written || it.right_tables().flush(flush).await?)
                })
            },
            ..Calls::right()
        })
    }),
];
