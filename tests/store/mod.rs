//! Every store against the conformance suite, and what only one of them can promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and a long one prints its figures"
)]

pub mod appending;
mod following;
mod memory;
mod migrations;
pub mod postgres;
mod sqlite;
pub mod subscription;
mod wrong;
