//! A command on its way: load → decide → append, and again after a conflict.

mod attempt;
mod cache;
mod encode;
mod fingerprint;
mod load;
mod options;
mod repeated;

pub(crate) use cache::{AggregateCache, DEFAULT_BYTES};
pub(crate) use encode::{encode, written};
pub use load::Loaded;
pub(crate) use load::{history, history_after, load_to, reaches};
pub use options::{Receipt, SendOptions};

use std::time::Duration;

use self::{
    attempt::{Attempt, Sending},
    cache::CacheGuard,
};
use crate::{
    Command, CommandId, Decide, RecordedEvent, SendError, Store, TenantId,
    store::{Append, Appended, EventSink, ReadStream, StateSink, StoreFuture},
};

/// What the domain says when it refuses command `C`.
pub type Refusal<C> = <<C as Command>::Aggregate as Decide<C>>::Error;

/// The wait before the first retry is random up to this, and the bound doubles each time ("full jitter", from "Exponential
/// Backoff and Jitter" on the AWS Architecture Blog).
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// What a command needs of the place where its aggregate is: a store, or a transaction in one. As in [`Store`].
pub(crate) trait Streams: Sync {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended>;

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()>;

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()>;

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>>;
}

impl Streams for &dyn Store {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Store::append(*self, append)
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Store::read_state(*self, read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Store::read_events(*self, read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Store::events_of_command(*self, tenant, command)
    }
}

/// Sends one command to its aggregate.
pub(crate) async fn send<C: Command>(
    store: &dyn Store,
    cache: &AggregateCache,
    tenant: TenantId,
    command: C,
    options: SendOptions,
) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
    let sending = Sending::new(&store, tenant, command, options);
    loop {
        let slot = cache.slot(tenant, sending.id);
        if let Some(mut kept) = cache.lock(&slot).await {
            return slot.answering(attempts(&sending, &mut kept)).await;
        }
    }
}

/// The same in a transaction, where nothing is final: the cache must neither serve it nor learn from it.
#[cfg(feature = "postgres")]
pub(crate) async fn send_in<C: Command>(
    streams: &dyn Streams,
    tenant: TenantId,
    command: C,
    options: SendOptions,
) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
    let sending = Sending::new(streams, tenant, command, options);
    attempts(&sending, &mut CacheGuard::none()).await
}

async fn attempts<C: Command>(
    sending: &Sending<'_, C>,
    cache: &mut CacheGuard<'_>,
) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
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
