//! A command on its way: load → decide → append, and again after a conflict.

mod attempt;
mod cache;
mod encode;
mod load;
mod options;

pub(crate) use cache::{AggregateCache, DEFAULT_BYTES};
pub use load::Loaded;
pub(crate) use load::{exists, history, load_to};
pub use options::{Receipt, SendOptions};

use std::time::Duration;

use self::{
    attempt::{Attempt, Sending},
    cache::Passage,
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

/// What a command needs of where its aggregate is: a store, or a transaction in one. As of [`Store`].
pub(crate) trait Desk: Sync {
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

impl Desk for &dyn Store {
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
    let slot = cache.slot(tenant, command.target());
    let sending = Sending::new(&store, tenant, command, options)?;
    let mut passage = cache.enter(&slot).await;
    attempts(&sending, &mut passage).await
}

/// The same at a desk where nothing is final, so that the cache must neither serve it nor learn from it.
#[cfg(feature = "postgres")]
pub(crate) async fn send_in<C: Command>(
    desk: &dyn Desk,
    tenant: TenantId,
    command: C,
    options: SendOptions,
) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
    let sending = Sending::new(desk, tenant, command, options)?;
    attempts(&sending, &mut Passage::outside()).await
}

async fn attempts<C: Command>(
    sending: &Sending<'_, C>,
    passage: &mut Passage<'_>,
) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
    let (mut retry, mut retries) = (0, sending.retries());
    loop {
        match sending.attempt(passage).await? {
            Attempt::Done(receipt) => return Ok(receipt),
            // Nobody was first: what was kept is of a state that the database does not have.
            Attempt::Outlived(_) if retry == 0 => retries = retries.max(1),
            Attempt::Conflict(error) | Attempt::Outlived(error) if retry >= retries => {
                return Err(error);
            }
            Attempt::Conflict(_) | Attempt::Outlived(_) => {}
        }
        tracing::debug!(stream = %sending.stream(), retry, "conflict, deciding again");
        wait_before(retry).await;
        retry += 1;
    }
}

async fn wait_before(retry: u32) {
    let doubled = 1_u32.checked_shl(retry).unwrap_or(u32::MAX);
    let longest = FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT);
    tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
}
