//! [`InvalidAppend`]: which limit an append breaks.

use crate::record::version::Version;

/// Which limit of every store an append breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAppend {
    /// It holds no events.
    #[error("it holds no events")]
    Empty,
    /// It holds more events than fit one append.
    #[error("it holds {count} events, the limit is {limit}")]
    TooMany {
        /// How many.
        count: usize,
        /// How many may be.
        limit: usize,
    },
    /// It would pass the highest possible version.
    #[error("its versions would go beyond {}", Version::MAX)]
    VersionOverflow,
    /// A name is empty, too long, or holds control characters.
    #[error("the name `{name}` is not 1 to {limit} bytes without control characters")]
    Name {
        /// The name.
        name: String,
        /// The longest a name may be, in bytes.
        limit: usize,
    },
    /// The version of an event's shape is 0.
    #[error("the event `{event}` has schema version 0")]
    SchemaVersion {
        /// The event's name.
        event: String,
    },
    /// A payload, the metadata or the snapshot is too large.
    #[error(
        "{what} has at least {bytes} bytes, the limit is {limit}: keep what is large elsewhere and store where it is"
    )]
    TooLarge {
        /// What is too large.
        what: String,
        /// How large it is, or how large it was when its writing was stopped.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// Lists and objects of a payload, the metadata or the snapshot lie too deep within each other.
    #[error("{what} has more than {limit} lists and objects within each other: nest less deep")]
    TooDeep {
        /// What is too deep.
        what: String,
        /// How deep it may be.
        limit: usize,
    },
    /// A snapshot rides along whose version is not that of the stream after the append.
    #[error("its snapshot is of version {snapshot}, the stream will be at version {after}")]
    SnapshotVersion {
        /// The snapshot's version.
        snapshot: Version,
        /// The stream's version after the append.
        after: Version,
    },
    /// A snapshot rides along an append that does not say which version it expects.
    #[error("its snapshot needs an exact expected version")]
    SnapshotWithoutVersion,
    /// A row rides along that does not fit the append.
    #[error("its row of `{table}` does not fit: {what}")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with the row.
        what: &'static str,
    },
}

impl InvalidAppend {
    pub(crate) fn too_large(what: &str, bytes: usize, limit: usize) -> Self {
        Self::TooLarge {
            what: what.to_owned(),
            bytes,
            limit,
        }
    }
}
