//! The JSON of a command: read with the path to what does not fit, and with no field left over that its types do not have.
//!
//! The text becomes a tree, and serde reads the command from the tree. Reading it with serde_json was rejected: that compiles a
//! parser for every command, three times the code that is compiled here, and serde_json ignores fields that a type does not have.

pub(crate) mod misfit;
mod path;
mod read;
pub(crate) mod tree;
