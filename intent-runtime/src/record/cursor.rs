//! [`Cursor`]: the place of a reader in the log.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::record::{text_form::serde_as_text, version::Position};

/// Where a reader of the log stands: after which event of which store. Opaque; kept as text between two runs.
///
/// ```
/// use intent_runtime::Cursor;
/// let kept = Cursor::START.to_string();
/// assert_eq!(kept, "start");
/// assert_eq!(kept.parse::<Cursor>()?, Cursor::START);
/// # Ok::<(), intent_runtime::store::ParseCursorError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(Option<(Uuid, Position)>);

/// A text is not a cursor. Handling: give the text that a [`Cursor`] was written as, or start at the beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a cursor of a log")]
pub struct ParseCursorError {
    /// What was given.
    text: String,
}

impl Cursor {
    /// Before the first event of any store.
    pub const START: Self = Self(None);

    /// After the event at a position of the store with this id. For stores: readers get theirs from a store.
    pub const fn after(store: Uuid, position: Position) -> Self {
        Self(Some((store, position)))
    }

    /// After the event at a position of the store with this id, or at the start where the position is 0. For stores.
    pub const fn at(store: Uuid, position: Position) -> Self {
        match position.get() {
            0 => Self::START,
            _ => Self::after(store, position),
        }
    }

    /// Before the event at a position, to search back from; `None` if nothing can be before it. For stores.
    pub fn before(store: Uuid, position: Position) -> Option<Self> {
        let before = position.get().checked_sub(1).filter(|before| *before > 0)?;
        Some(Self::after(store, Position::new(before)))
    }

    /// The store it belongs to, and the position it is after; `None` at the start. For stores.
    pub const fn place(&self) -> Option<(Uuid, Position)> {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("start"),
            Some((store, position)) => write!(f, "{store}/{position}"),
        }
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, ParseCursorError> {
        if text == "start" {
            return Ok(Self::START);
        }
        let parsed = text.split_once('/').and_then(|(store, position)| {
            let position = Position::new(position.parse().ok()?);
            Some(Self::after(store.parse().ok()?, position))
        });
        parsed.ok_or_else(|| ParseCursorError {
            text: text.to_owned(),
        })
    }
}

serde_as_text!(Cursor);
