//! The log: reading it in order, how far it is settled, and waking its readers.

pub(crate) mod horizon;
pub(crate) mod lookup;
pub(crate) mod notify;
pub(crate) mod read;
mod route;
