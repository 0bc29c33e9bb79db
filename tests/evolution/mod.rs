//! Events that live for years: what older builds stored is read by newer ones, and the other way round where that is
//! declared, on every store.

mod defaults;
mod readers;
mod renamed_aggregates;
mod renamed_events;
mod retired_and_split;
mod snapshots;
mod stale;
mod stored;
mod unordered;
mod variants;
