//! Code that several macros generate alike.

pub(crate) mod fingerprint;
pub(crate) mod schema;
pub(crate) mod scope;
pub(crate) mod stubs;
