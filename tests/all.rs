//! Every integration test, in one binary.

mod dispatch;
mod guide;
mod macros;
mod store;
