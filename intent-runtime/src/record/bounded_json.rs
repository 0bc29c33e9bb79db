//! JSON that is written no further than to a limit: what is too large is refused after the limit, not after all of it.

use std::{error::Error, fmt, io};

use serde::{Serialize, ser::Error as _};
use serde_json::{Serializer, value::RawValue};

/// Writes a value as JSON of at most `limit` bytes.
///
/// # Errors
/// What the value's own `Serialize` says, or [`TooLong`] within a [`serde_json::Error`].
pub(crate) fn to_string<T: Serialize + ?Sized>(
    value: &T,
    limit: usize,
) -> Result<String, serde_json::Error> {
    write(&|json| value.serialize(&mut Serializer::new(json)), limit)
}

/// The same as a [`RawValue`].
pub(crate) fn to_raw_value<T: Serialize + ?Sized>(
    value: &T,
    limit: usize,
) -> Result<Box<RawValue>, serde_json::Error> {
    to_string(value, limit).and_then(RawValue::from_string)
}

/// What [`to_string`] does for a value of any type, compiled once and not again for each event.
fn write(
    serialize: &dyn Fn(&mut Bounded) -> Result<(), serde_json::Error>,
    limit: usize,
) -> Result<String, serde_json::Error> {
    // What most payloads take.
    let mut json = Bounded(Vec::with_capacity(128), limit);
    serialize(&mut json)?;
    String::from_utf8(json.0).map_err(serde_json::Error::custom)
}

/// JSON would be longer than its limit, so its writing was stopped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooLong {
    /// How long it was when it was stopped.
    pub(crate) bytes: usize,
}

impl TooLong {
    /// The limit that an error tells of; the error itself, when it is another.
    pub(crate) fn of(error: serde_json::Error) -> Result<Self, serde_json::Error> {
        if !error.is_io() {
            return Err(error);
        }
        let downcast = io::Error::from(error).downcast();
        downcast.map_err(serde_json::Error::custom)
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it has at least {} bytes, which is over the limit",
            self.bytes
        )
    }
}

impl Error for TooLong {}

/// A text, and how long it may be.
struct Bounded(Vec<u8>, usize);

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        let bytes = self.0.len().saturating_add(more.len());
        if bytes > self.1 {
            return Err(io::Error::other(TooLong { bytes }));
        }
        self.0.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
