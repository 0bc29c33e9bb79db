//! [`Traceparent`]: which trace something belongs to.

use std::{fmt, ops::Deref, str::FromStr};

use crate::record::text_form::{schema_of_text, serde_as_text};

/// A `traceparent` of [W3C Trace Context](https://www.w3.org/TR/trace-context/): `00-<trace>-<span>-<flags>` in lower-case
/// hex. It derefs to its text.
///
/// A newer version than 00 may have more parts. The version `ff` and ids of zeros alone are refused, as the standard says.
///
/// ```
/// use intent_runtime::{Metadata, Traceparent};
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let metadata = Metadata::new().traceparent(header.parse()?);
/// assert!("no trace".parse::<Traceparent>().is_err());
/// # Ok::<(), intent_runtime::error::ParseTraceparentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traceparent(Box<str>);

/// A text is not a `traceparent`. Handling: leave it out, as the standard says of a header that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)]
pub struct ParseTraceparentError {
    /// What was given.
    text: String,
}

impl FromStr for Traceparent {
    type Err = ParseTraceparentError;

    fn from_str(text: &str) -> Result<Self, ParseTraceparentError> {
        if is_traceparent(text) {
            return Ok(Self(text.into()));
        }
        Err(ParseTraceparentError {
            text: text.to_owned(),
        })
    }
}

fn is_traceparent(text: &str) -> bool {
    let hex = |text: &str, digits: usize| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == digits && text.bytes().all(is_digit)
    };
    let id = |text: &str, digits| hex(text, digits) && text.bytes().any(|byte| byte != b'0');
    let mut parts = text.splitn(5, '-');
    let mut part = || parts.next().unwrap_or_default();
    let (version, trace, span, flags) = (part(), part(), part(), part());
    let known =
        hex(version, 2) && version != "ff" && id(trace, 32) && id(span, 16) && hex(flags, 2);
    known && (version != "00" || parts.next().is_none())
}

impl Deref for Traceparent {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

serde_as_text!(Traceparent);
schema_of_text!(Traceparent, { "type": "string" });
