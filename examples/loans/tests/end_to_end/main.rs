//! The built `loans`, run as its users run it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy.toml lets `#[test]` functions do so; what they call is part of the test as well"
)]

mod command_line;
mod dashboard;
mod generated;
mod interrupted;
#[path = "../support/mod.rs"]
mod support;
