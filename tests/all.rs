//! Every integration test, in one binary.

#![allow(unreachable_pub, reason = "the domains here are written as in a user's crate")]

mod macros;
