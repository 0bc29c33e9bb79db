//! The place of an event: [`Version`] within its stream, [`Position`] in the whole log.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! number_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The one with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// Its number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_newtype! {
    /// The number of an event in its stream, from 1 without gaps; also the number of events in a stream.
    Version
}
number_newtype! {
    /// The place of an event in the whole log. Positions grow but may have gaps, so do not compute with them. 0 is before the
    /// first event.
    Position
}

impl Version {
    /// The version of a stream that does not exist.
    pub const NONE: Self = Self(0);
    /// The version of a stream's first event.
    pub const FIRST: Self = Self(1);
    /// The highest version a store can keep.
    pub const MAX: Self = Self(i64::MAX.cast_unsigned());

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

impl From<u64> for Version {
    fn from(number: u64) -> Self {
        Self(number)
    }
}
