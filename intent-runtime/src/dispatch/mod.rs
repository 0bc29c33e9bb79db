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

use self::attempt::{Attempt, Sending};
use crate::{Command, Decide, SendError, Store, TenantId};

/// What the domain says when it refuses command `C`.
pub type Refusal<C> = <<C as Command>::Aggregate as Decide<C>>::Error;

/// The wait before the first retry is random up to this, and the bound doubles each time ("full jitter", from "Exponential
/// Backoff and Jitter" on the AWS Architecture Blog).
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// Sends one command to its aggregate.
pub(crate) async fn send<C: Command>(
    store: &dyn Store,
    cache: &AggregateCache,
    tenant: TenantId,
    command: C,
    options: SendOptions,
) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
    let retries = if options.expect_version.is_some() {
        0
    } else {
        options.retries
    };
    let slot = cache.slot(tenant, command.target());
    let sending = Sending::new(store, tenant, command, options)?;
    let mut passage = cache.enter(&slot).await;
    let mut retry = 0;
    loop {
        match sending.attempt(&mut passage).await? {
            Attempt::Done(receipt) => return Ok(receipt),
            Attempt::Conflict(error) if retry >= retries => return Err(error),
            Attempt::Conflict(_) => {}
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
