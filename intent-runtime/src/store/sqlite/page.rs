//! How much of a stream is read at once.

use crate::record::version::Version;

/// The most events of one page.
const EVENTS: u64 = 5_000;
/// The most bytes of JSON of one page, unless a single event has more.
const BYTES: i64 = 4 * 1024 * 1024;

/// The pages of one read. Versions are dense, so a page is a range of them. How many of them fit is learnt while reading.
#[derive(Debug)]
pub(super) struct Pages {
    after: Version,
    to: Version,
    events: u64,
    done: bool,
}

impl Pages {
    pub(super) fn new(after: Version, to: Version) -> Self {
        Self {
            after,
            to: to.min(Version::MAX),
            events: EVENTS,
            done: false,
        }
    }

    /// The range to read now: after the first version, up to the second. The first page is always read, because it has the type
    /// of the stream.
    pub(super) fn next(&self) -> Option<(Version, Version)> {
        (!self.done).then(|| (self.after, self.end()))
    }

    /// The most bytes that the page may have.
    pub(super) fn limit(&self) -> i64 {
        if self.events == 1 { i64::MAX } else { BYTES }
    }

    /// Takes note of what the page holds. `false` if it is too large: then ask for the next, smaller one.
    pub(super) fn took(&mut self, events: i64, bytes: i64) -> bool {
        let events = u64::try_from(events).unwrap_or(0);
        let fits = bytes <= self.limit();
        if fits {
            let end = self.end();
            // A page that is not full ends at the end of the stream.
            self.done = events < end.get().saturating_sub(self.after.get()) || end >= self.to;
            self.after = end;
        }
        let bytes = u64::try_from(bytes).unwrap_or(0).max(1);
        let fitting = events.saturating_mul(BYTES.unsigned_abs()) / bytes;
        self.events = fitting.clamp(1, EVENTS);
        fits
    }

    fn end(&self) -> Version {
        let end = self.after.after(self.events).unwrap_or(Version::MAX);
        end.min(self.to)
    }
}
