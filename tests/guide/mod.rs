//! The code of the guide: each block of docs/src is included from here, so that it compiles and does what it says.

mod acting;
mod aggregates;
mod book;
mod by_name;
mod catalogue;
mod changing;
pub mod commands;
mod errors;
mod events;
mod fields;
mod http;
mod limits;
mod operating;
mod own_store;
mod projections;
mod read_models;
mod reading;
mod readme;
mod stores;
mod testing;
mod transfer;
mod two_aggregates;
