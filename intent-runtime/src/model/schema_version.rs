//! [`SchemaVersion`]: the version of an event's shape, as it is stored with the event.

use std::fmt;

use crate::model::event::Event;

/// The factor of a marked version. The mark is in the digits behind it.
const ROOM: u32 = 10_000;

/// The version of a stored event's shape, and perhaps a mark: the oldest version whose readers can read the payload.
///
/// It is stored as one number: the version itself, or `version * 10_000 + readable_by`. So version 3 is `3`, and version 3
/// that readers of version 2 can read is `30002`. An older build learns from the event alone whether it may read it.
///
/// ```
/// use intent_runtime::model::SchemaVersion;
/// let version = SchemaVersion::from_stored(30_002);
/// assert_eq!((version.number(), version.readable_by()), (3, Some(2)));
/// assert_eq!(version.stored(), 30_002);
/// assert_eq!(version.to_string(), "3, readable by 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaVersion {
    number: u32,
    readable_by: Option<u32>,
}

impl SchemaVersion {
    /// The highest version that has room for a mark.
    pub const MAX: u32 = ROOM - 1;

    /// The current version of an event: [`Event::VERSION`] and [`Event::READABLE_BY`].
    pub const fn of<E: Event>() -> Self {
        Self {
            number: E::VERSION,
            readable_by: E::READABLE_BY,
        }
    }

    /// The version that a number in a store stands for.
    pub const fn from_stored(stored: u32) -> Self {
        if stored < ROOM {
            return Self {
                number: stored,
                readable_by: None,
            };
        }
        let readable_by = match stored % ROOM {
            0 => None,
            version => Some(version),
        };
        Self {
            number: stored / ROOM,
            readable_by,
        }
    }

    /// The number it is stored as. A mark that does not fit is left out, so that older builds do not read the event.
    pub const fn stored(self) -> u32 {
        match self.readable_by {
            Some(version) if version < ROOM && self.number < ROOM => self.number * ROOM + version,
            _ => self.number,
        }
    }

    /// The version of the shape, from 1.
    pub const fn number(self) -> u32 {
        self.number
    }

    /// The oldest version whose readers can read the payload.
    pub const fn readable_by(self) -> Option<u32> {
        self.readable_by
    }

    /// Whether a build that knows versions up to `known` can read the payload as one of version `known`.
    pub(crate) const fn reads_as(self, known: u32) -> bool {
        match self.readable_by {
            Some(oldest) => self.number >= known && known >= oldest,
            None => self.number == known,
        }
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number)?;
        match self.readable_by {
            Some(version) => write!(f, ", readable by {version}"),
            None => Ok(()),
        }
    }
}
