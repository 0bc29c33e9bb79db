//! What the test binaries share.

pub mod loans;
pub mod published;
