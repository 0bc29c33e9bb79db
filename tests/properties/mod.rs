//! Properties of any history and any payload, tried on random ones.

mod arbitrary;
mod caching;
mod histories;
mod payloads;
mod transfers;

use std::future::Future;

/// Runs one case to its end.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}
