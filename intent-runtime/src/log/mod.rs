//! Following the log: as it is stored, and as the typed events of one aggregate.

pub(crate) mod filter;
pub(crate) mod follow;
pub(crate) mod subscription;
