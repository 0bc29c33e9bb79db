//! `intent.lock`: what it records, what it refuses, and what it says.

mod damage;
pub mod domain;
pub mod folder;
mod keys;
mod messages;
mod names;
mod numbered;
mod processes;
mod read_models;
mod readable;
mod shapes;
mod steps;
mod updates;
