//! Commands and loads, on every store.

pub mod acting;
mod caching;
mod clock;
mod commands;
pub mod domain;
mod filters;
mod fingerprints;
pub mod fixture;
mod forgotten;
mod futures;
mod idempotency;
mod joined;
mod limits;
mod metadata;
mod overflow;
mod pages;
mod panics;
mod races;
mod read_back;
mod registration;
mod snapshots;
mod stored_data;
mod temporal;
mod tenants;
mod tracing;
mod unreadable_states;
