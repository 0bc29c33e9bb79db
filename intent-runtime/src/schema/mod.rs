//! What a domain consists of, as values: the catalogue, and the lock that holds stored shapes.

pub mod catalogue;
pub(crate) mod difference;
#[cfg(feature = "lock")]
pub mod lock;
pub(crate) mod nearest;
