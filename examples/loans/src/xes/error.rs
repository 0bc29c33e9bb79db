//! What can be wrong with a log.

use std::{io, num::ParseIntError};

use intent_runtime::error::TimestampError;

use super::Place;

/// Why a log cannot be read, or not further. Every trace before the place was read whole.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("{file} cannot be opened")]
    Open { file: String, source: io::Error },
    #[error("{file}, {place}")]
    At {
        file: String,
        place: Place,
        source: Fault,
    },
}

/// What is wrong at a place.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    // Its text says its own causes too, so there is none beside it.
    #[error("this is not well-formed XML: {0}")]
    Xml(quick_xml::Error),
    #[error("there is no <log>, the file is empty")]
    Empty,
    #[error("there is a <{found}> where an XES file has its one <log>")]
    NotALog { found: String },
    #[error("the file ends inside a <{element}>")]
    EndsInside { element: &'static str },
    #[error("there is text where only elements belong: `{text}`")]
    Text { text: String },
    #[error("the <{element}> has no `{attribute}`")]
    Incomplete {
        element: String,
        attribute: &'static str,
    },
    #[error("the {of} has no `{key}`")]
    Missing { of: &'static str, key: &'static str },
    #[error("the trace has no events")]
    NoEvents,
    #[error("`{key}` is not a time")]
    Time {
        key: &'static str,
        source: TimestampError,
    },
    #[error("`{text}` is not an amount in whole euros")]
    Amount { text: String, source: ParseIntError },
    #[error("a loan application has no event `{name}` with transition `{transition}`")]
    Unknown { name: String, transition: String },
}

impl Fault {
    /// Stray text, of which the beginning is enough to find it by.
    pub(super) fn text(text: &str) -> Self {
        let first = text.trim_ascii().lines().next().unwrap_or_default();
        Self::Text {
            text: first.chars().take(40).collect(),
        }
    }
}

impl From<quick_xml::Error> for Fault {
    fn from(error: quick_xml::Error) -> Self {
        match error {
            // The XML reader shares its I/O errors, so this one is made anew from its kind and text.
            quick_xml::Error::Io(error) => {
                Self::Read(io::Error::new(error.kind(), error.to_string()))
            }
            error => Self::Xml(error),
        }
    }
}
