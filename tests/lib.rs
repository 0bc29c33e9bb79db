//! What the tests share.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

pub mod postgres;

use intent_runtime::{Aggregate, App, Domain};

/// Another app on the store of `app`, like another build of the program. Its domain is `A`.
pub async fn on<A: Aggregate>(app: &App) -> App {
    App::on(app, Domain::of::<A>()).await.unwrap()
}
