//! The store's own connections: how they are opened, lent and judged, and how work runs on them.

pub(crate) mod error;
pub(crate) mod open;
pub(crate) mod pool;
pub(crate) mod pooler;
pub(crate) mod run;
pub(crate) mod url;
