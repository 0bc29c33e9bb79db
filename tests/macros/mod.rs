//! What the macros promise.

mod account;
mod aggregate;
mod arithmetic;
mod by_hand;
mod commands;
mod event;
mod names;
mod snapshot;
mod steps;
mod ui;
mod upcast;
mod value;
