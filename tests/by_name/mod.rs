//! Commands, loads and histories by name, with JSON.

mod domain;
mod errors;
mod history;
mod sending;
mod showing;
mod trying;
