//! A page of events as one text: see `sql/read_state.sql`.

use std::str::Split;

use crate::{
    record::{stream::StreamId, version::Version},
    store::{RawEvent, error::StoreError, sqlite::column::corrupt},
};

/// What stands between two events; U+001F stands between the parts of one.
const BETWEEN_EVENTS: char = '\u{1e}';
const BETWEEN_PARTS: char = '\u{1f}';

/// Takes a page apart, borrowing from it.
pub(super) struct Frames<'a> {
    stream: &'a StreamId,
    frames: Option<Split<'a, char>>,
    version: Version,
    left: i64,
}

impl<'a> Frames<'a> {
    /// The frames of `events` events after a version.
    pub(super) fn new(
        stream: &'a StreamId,
        text: Option<&'a str>,
        after: Version,
        events: i64,
    ) -> Self {
        Self {
            stream,
            frames: text.map(|text| text.split(BETWEEN_EVENTS)),
            version: after,
            left: events,
        }
    }

    /// The next event.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when there are not as many frames as events, or a frame is not one.
    pub(super) fn next(&mut self) -> Result<Option<RawEvent<'a>>, StoreError> {
        let frame = self.frames.as_mut().and_then(Iterator::next);
        let Some(frame) = frame.filter(|_| self.left > 0) else {
            let agree = frame.is_none() && self.left == 0;
            return agree.then_some(None).ok_or_else(|| self.torn());
        };
        self.left -= 1;
        self.version = self.version.next();
        self.parse(frame).map(Some).ok_or_else(|| self.torn())
    }

    fn parse(&self, frame: &'a str) -> Option<RawEvent<'a>> {
        let (event_type, rest) = frame.split_once(BETWEEN_PARTS)?;
        let (schema_version, payload) = rest.split_once(BETWEEN_PARTS)?;
        Some(RawEvent {
            version: self.version,
            event_type,
            schema_version: schema_version.parse().ok()?,
            payload: payload.as_bytes(),
        })
    }

    fn torn(&self) -> StoreError {
        let what = format!(
            "event {} has a schema version out of range, or a control character that JSON does not have",
            self.version
        );
        corrupt(self.stream, what)
    }
}
