//! [`AsOf`]: the moment that an aggregate is looked at.

use std::fmt;

use crate::{
    record::{timestamp::Timestamp, version::Version},
    store::AsOfTime,
};

/// The moment at which an aggregate is looked at. Times are inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsOf {
    /// As it is now.
    #[default]
    Now,
    /// At a version of its own.
    Version(Version),
    /// At a time by the store's clock, when the events were stored.
    Recorded(Timestamp),
    /// At a time by the events' own time, when they happened in the domain.
    Occurred(Timestamp),
}

impl AsOf {
    /// The time, if it is one.
    pub(crate) fn time(self) -> Option<AsOfTime> {
        match self {
            Self::Now | Self::Version(_) => None,
            Self::Recorded(time) => Some(AsOfTime::Recorded(time)),
            Self::Occurred(time) => Some(AsOfTime::Occurred(time)),
        }
    }
}

/// As a sentence ends with it: `did not exist yet at version 3`, `at 2026-03-01T09:00:00Z by the store's clock`.
impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("this time"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::Recorded(time) => AsOfTime::Recorded(*time).fmt(f),
            Self::Occurred(time) => AsOfTime::Occurred(*time).fmt(f),
        }
    }
}
