//! Every integration test, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a test ends where something is not as it should be"
)]

mod by_name;
mod catalogue;
mod cluster;
mod dispatch;
mod evolution;
mod golden;
mod guide;
mod layers;
mod lock;
mod log_model;
mod macros;
mod properties;
mod read_model;
mod scenario;
mod store;
mod timestamp;
mod traceparent;
mod transfer;
mod warnings;
mod worker;
