//! Every store against the conformance suite, and what only one of them can promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod appending;
mod memory;
mod postgres;
mod sqlite;
