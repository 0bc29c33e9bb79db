//! Histories as text: written from any store, read into any store.

mod damage;
pub mod fixture;
mod round_trip;
mod selection;
mod waiting;
mod whole_commands;
