//! What the test binaries share.

pub mod dashboard;
pub mod loans;
pub mod published;
