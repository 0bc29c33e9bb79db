//! `intent.lock`: what it records, what it refuses, and what it says.

mod damage;
mod domain;
mod folder;
mod messages;
mod processes;
mod shapes;
mod steps;
mod updates;
