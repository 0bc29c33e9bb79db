//! The place of an event: [`Version`] within its stream, [`Position`] in the whole log.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number of an event in its stream, from 1 without gaps; also the number of events in a stream.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a stream that does not exist.
    pub const NONE: Self = Self(0);
    /// The version of a stream's first event.
    pub const FIRST: Self = Self(1);
    /// The highest version a store can keep.
    pub const MAX: Self = Self(i64::MAX.cast_unsigned());

    /// Version number `number`; 0 is [`Version::NONE`].
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number of this version.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version `events` later, or `None` beyond [`Version::MAX`].
    pub const fn after(self, events: u64) -> Option<Self> {
        match self.0.checked_add(events) {
            Some(number) if number <= Self::MAX.0 => Some(Self(number)),
            _ => None,
        }
    }

    /// The version after this one, staying at the highest possible.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u64> for Version {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// The place of an event in the whole log. Positions grow but may have gaps, so do not compute with them. 0 is before the
/// first event.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Position(u64);

impl Position {
    /// The position with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number of this position.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
