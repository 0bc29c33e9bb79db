//! JSON with a limit: writing stops there, so a value that is far too large costs no more.

use std::{error::Error, fmt, io};

use serde::{Serialize, ser::Error as _};
use serde_json::{Serializer, value::RawValue};

/// Writes a value as JSON of at most `limit` bytes.
///
/// # Errors
/// What the value's own `Serialize` says, or [`TooLong`] within a [`serde_json::Error`].
pub(crate) fn to_string(value: &dyn ToJson, limit: usize) -> Result<String, serde_json::Error> {
    // Enough for most payloads.
    let mut json = Bounded(Vec::with_capacity(128), limit);
    value.write(&mut Serializer::new(&mut json))?;
    String::from_utf8(json.0).map_err(serde_json::Error::custom)
}

/// The same as a [`RawValue`].
pub(crate) fn to_raw_value(
    value: &dyn ToJson,
    limit: usize,
) -> Result<Box<RawValue>, serde_json::Error> {
    to_string(value, limit).and_then(RawValue::from_string)
}

/// A value that has JSON, without its type: only this is compiled for each type.
pub(crate) trait ToJson {
    fn write(&self, json: &mut Serializer<&mut Bounded>) -> Result<(), serde_json::Error>;
}

impl<T: Serialize> ToJson for T {
    fn write(&self, json: &mut Serializer<&mut Bounded>) -> Result<(), serde_json::Error> {
        self.serialize(json)
    }
}

/// The JSON would be longer than its limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooLong {
    /// How long it was when writing stopped.
    pub(crate) bytes: usize,
}

impl TooLong {
    /// The [`TooLong`] inside an error, or the error if it is another.
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
pub(crate) struct Bounded(Vec<u8>, usize);

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
