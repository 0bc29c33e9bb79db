//! What the macros promise.

mod account;
mod ui;
