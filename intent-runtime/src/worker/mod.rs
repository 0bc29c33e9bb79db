//! Workers: tasks that read the log, keep what they make of it, and never write it twice or skip an event.

pub(crate) mod error;
pub(crate) mod folder;
pub(crate) mod heard;
mod held_back;
pub(crate) mod runner;
pub(crate) mod status;
