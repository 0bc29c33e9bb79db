//! Following the log: as it is stored, event by event or in pages, and as the typed events of one aggregate.

pub(crate) mod filter;
pub(crate) mod follow;
pub(crate) mod page;
pub(crate) mod subscription;
