//! Every store against the conformance suite, and what only one of them can promise.

mod memory;
mod sqlite;
