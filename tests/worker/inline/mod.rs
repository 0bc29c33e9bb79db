//! Inline read models: rows that are written with the events that they follow from.

pub mod domain;
mod duplicates;
mod equal;
mod failing;
mod hears;
mod kill;
mod mended;
mod rebuild;
mod rights;
mod rows;
mod unique;
mod values;
