//! Read models.

mod derive;
mod domain;
