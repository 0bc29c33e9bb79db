//! The macros of `intent-runtime`.
