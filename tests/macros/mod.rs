//! What the macros promise.

mod account;
