//! The store's own connections: how they are opened, lent and judged.

pub(crate) mod error;
pub(crate) mod open;
pub(crate) mod pool;
pub(crate) mod pooler;
pub(crate) mod url;

use std::{io, time::Duration};

/// How long the server may take to answer before the connection is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The result of `work`, or an error after [`ANSWER_TIMEOUT`].
pub(crate) async fn within<T>(
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, work).await;
    answer.unwrap_or_else(|_| {
        let seconds = ANSWER_TIMEOUT.as_secs();
        Err(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("the server did not answer within {seconds} seconds"),
        )))
    })
}
