//! What the items under our attributes have in common: derives, names, attributes on their fields.

pub(crate) mod derives;
pub(crate) mod former;
pub(crate) mod own;
pub(crate) mod shape;
pub(crate) mod version;
