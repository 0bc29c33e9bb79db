//! [`RunError`]: why work on a connection ended early.

use crate::store::error::StoreError;

/// Why work on a connection of a database ended early.
#[derive(Debug)]
pub(crate) enum RunError<F> {
    /// The connection or a statement failed. Another try may succeed.
    Failure(F),
    /// What was read is wrong, or the request is refused.
    Error(StoreError),
}

impl<F: From<sqlx::Error>> From<sqlx::Error> for RunError<F> {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl<F> From<StoreError> for RunError<F> {
    fn from(error: StoreError) -> Self {
        Self::Error(error)
    }
}
