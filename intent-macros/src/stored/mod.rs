//! What can be stored and read back, as far as the tokens of a type tell.

pub(crate) mod both_ways;
pub(crate) mod form;
pub(crate) mod map_keys;
pub(crate) mod storable;
pub(crate) mod unfit;
