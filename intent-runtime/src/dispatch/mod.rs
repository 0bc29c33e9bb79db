//! A command on its way: load → decide → append, and again after a conflict.

pub(crate) mod actor;
pub(crate) mod as_of;
pub(crate) mod attempt;
pub(crate) mod cache;
mod encode;
pub(crate) mod error;
pub(crate) mod inline;
pub(crate) mod load;
pub(crate) mod options;
mod recorded;
mod repeated;

use std::{error::Error, time::Duration};

use crate::{
    dispatch::{
        attempt::{Attempt, Sending},
        cache::{AggregateCache, CacheGuard},
        error::SendError,
        options::Receipt,
        repeated::resolve,
    },
    model::aggregate::Aggregate,
    store::{
        append::{Append, Appended},
        error::StoreError,
        port::Streams,
    },
};

/// The wait before the first retry is random up to this, and the bound doubles each time ("full jitter", from "Exponential
/// Backoff and Jitter" on the AWS Architecture Blog).
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(250);

impl<A: Aggregate, E: Error + 'static> Sending<'_, A, E> {
    pub(crate) async fn send(&self, cache: &AggregateCache) -> Result<Receipt<A>, SendError<E>> {
        loop {
            let slot = cache.slot(self.stream.tenant_id, self.head.target);
            if let Some(mut kept) = cache.lock(&slot).await {
                return slot.answering(self.attempts(&mut kept)).await;
            }
        }
    }

    /// The same in a transaction, where nothing is final: the cache must neither serve it nor learn from it.
    pub(crate) async fn send_in(&self) -> Result<Receipt<A>, SendError<E>> {
        self.attempts(&mut CacheGuard::none()).await
    }

    async fn attempts(&self, cache: &mut CacheGuard<'_>) -> Result<Receipt<A>, SendError<E>> {
        let mut retry = 0;
        loop {
            match self.attempt(cache).await? {
                Attempt::Done(receipt) => return Ok(receipt),
                Attempt::Conflict(error) if retry >= self.retries() => return Err(error),
                Attempt::Conflict(_) => {}
            }
            tracing::debug!(stream = %self.stream, retry, "conflict, deciding again");
            wait_before(retry).await;
            retry += 1;
        }
    }
}

/// Appends to a stream without loading it, and finds out how it ended where the outcome is unknown.
pub(crate) async fn append(streams: &dyn Streams, append: Append) -> Result<Appended, StoreError> {
    match streams.append(append.clone()).await {
        Err(unknown @ StoreError::UnknownOutcome { .. }) => {
            resolve(streams, unknown, || Some(append.clone())).await
        }
        known => known,
    }
}

async fn wait_before(retry: u32) {
    let doubled = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
    let longest = FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
}
