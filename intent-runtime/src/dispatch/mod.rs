//! A command on its way: load → decide → append, and again after a conflict.

pub(crate) mod actor;
pub(crate) mod as_of;
mod attempt;
pub(crate) mod cache;
mod encode;
pub(crate) mod error;
pub(crate) mod load;
pub(crate) mod options;
mod recorded;
mod repeated;

use std::{error::Error, time::Duration};

use crate::{
    dispatch::{
        attempt::{Attempt, Proposal, Sending},
        cache::{AggregateCache, CacheGuard},
        error::SendError,
        load::Folded,
        options::{Receipt, SendOptions},
        repeated::resolve,
    },
    model::{
        aggregate::Aggregate,
        any_command::{CommandHead, Undecided},
    },
    record::id::TenantId,
    store::{
        append::{Append, Appended},
        error::StoreError,
        port::{Store, Streams},
    },
};

/// The wait before the first retry is random up to this, and the bound doubles each time ("full jitter", from "Exponential
/// Backoff and Jitter" on the AWS Architecture Blog).
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// Sends one command to its aggregate.
pub(crate) async fn send<A: Aggregate, E: Error + 'static>(
    store: &dyn Store,
    cache: &AggregateCache,
    tenant: TenantId,
    head: CommandHead<A>,
    command: &dyn Undecided<A, E>,
    options: SendOptions,
) -> Result<Receipt<A>, SendError<E>> {
    let sending = Sending::new(store, tenant, head, command, options)?;
    loop {
        let slot = cache.slot(tenant, sending.head.target);
        if let Some(mut kept) = cache.lock(&slot).await {
            return slot.answering(attempts(&sending, &mut kept)).await;
        }
    }
}

/// The same in a transaction, where nothing is final: the cache must neither serve it nor learn from it.
pub(crate) async fn send_in<A: Aggregate, E: Error + 'static>(
    streams: &dyn Streams,
    tenant: TenantId,
    head: CommandHead<A>,
    command: &dyn Undecided<A, E>,
    options: SendOptions,
) -> Result<Receipt<A>, SendError<E>> {
    let sending = Sending::new(streams, tenant, head, command, options)?;
    attempts(&sending, &mut CacheGuard::none()).await
}

/// Decides a command on a given state as [`send`] does, and stores nothing: the events, and the state after them.
pub(crate) fn dry_run<A: Aggregate, E: Error + 'static>(
    store: &dyn Store,
    tenant: TenantId,
    head: CommandHead<A>,
    command: &dyn Undecided<A, E>,
    options: SendOptions,
    state: Folded<A>,
) -> Result<Proposal<A>, SendError<E>> {
    Sending::new(store, tenant, head, command, options)?.dry_run(state)
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

async fn attempts<A: Aggregate, E: Error + 'static>(
    sending: &Sending<'_, A, E>,
    cache: &mut CacheGuard<'_>,
) -> Result<Receipt<A>, SendError<E>> {
    let mut retry = 0;
    loop {
        match sending.attempt(cache).await? {
            Attempt::Done(receipt) => return Ok(receipt),
            Attempt::Conflict(error) if retry >= sending.retries() => return Err(error),
            Attempt::Conflict(_) => {}
        }
        tracing::debug!(stream = %sending.stream, retry, "conflict, deciding again");
        wait_before(retry).await;
        retry += 1;
    }
}

async fn wait_before(retry: u32) {
    let doubled = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
    let longest = FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
}
