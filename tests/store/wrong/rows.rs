//! Faults of rows that ride along with an append.

use intent_runtime::{
    StoreError,
    store::{Append, Streams},
};

use super::{Faults, Wrong, transactions::losing_rows};

fn without_rows(mut append: Append) -> Append {
    append.rows.clear();
    append
}

pub const FAULTS: Faults = &[
    ("rows_ride_along_or_not_at_all", || Wrong {
        append: |it, append| {
            // It forgets the row of several events.
            let several = append.events.len() > 1;
            it.memory.append(if several {
                without_rows(append)
            } else {
                append
            })
        },
        ..Wrong::right()
    }),
    ("a_unique_value_belongs_to_one_row", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                // It stores the events all the same.
                match it.memory.append(append.clone()).await {
                    Err(StoreError::Taken { .. }) => it.memory.append(without_rows(append)).await,
                    known => known,
                }
            })
        },
        ..Wrong::right()
    }),
    ("rows_are_part_of_a_transaction", || Wrong {
        begin: losing_rows,
        ..Wrong::right()
    }),
    ("the_first_value_that_is_taken_is_named", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                // It names the last unique column.
                let last = append.rows.last().and_then(|row| {
                    let mut unique = row.table.columns.iter().filter(|column| column.unique);
                    unique.next_back()
                });
                let appended = it.memory.append(append.clone()).await;
                appended.map_err(|mut error| {
                    if let (StoreError::Taken { field, .. }, Some(last)) = (&mut error, last) {
                        *field = last.name;
                    }
                    error
                })
            })
        },
        ..Wrong::right()
    }),
];
