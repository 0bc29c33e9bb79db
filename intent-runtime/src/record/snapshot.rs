//! Snapshots as they are stored: [`NewSnapshot`] before, [`StoredSnapshot`] afterwards.

use serde_json::value::RawValue;

use crate::record::version::Version;

/// A snapshot about to be stored.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewSnapshot {
    /// The version of the stream whose state it is.
    pub version: Version,
    /// The version of the state's shape.
    pub schema_version: u32,
    /// The state, as JSON.
    pub state: Box<RawValue>,
}

impl NewSnapshot {
    /// The state of a stream at a version, and the version of its shape.
    pub fn new(version: Version, schema_version: u32, state: Box<RawValue>) -> Self {
        Self {
            version,
            schema_version,
            state,
        }
    }
}

/// A snapshot as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSnapshot {
    /// The version of the stream whose state it is.
    pub version: Version,
    /// The version of the state's shape.
    pub schema_version: u32,
    /// The state, as JSON.
    pub state: String,
}

impl StoredSnapshot {
    /// What is kept of a state: the version of the stream, that of the state's shape, and its JSON.
    pub fn new(version: Version, schema_version: u32, state: String) -> Self {
        Self {
            version,
            schema_version,
            state,
        }
    }
}
