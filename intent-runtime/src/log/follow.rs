//! [`Follow`]: the log as typed events.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::stream::{self, Stream};
use tokio::time::sleep;

use crate::{
    dispatch::error::LoadError,
    log::subscription::Subscription,
    model::{aggregate::Aggregate, recorded::Recorded},
    record::{cursor::Cursor, event::RecordedEvent},
};

/// How long a reader that failed waits before it tries again, so that a caller who ignores errors keeps no core busy.
const PAUSE: Duration = Duration::from_millis(250);

type Read<A> = Result<Recorded<<A as Aggregate>::Event>, LoadError>;

/// The events of one type of aggregate, in today's shape and in the order of the log: the old ones first, then new ones as
/// they are committed. It is a [`Stream`] that never
/// ends.
///
/// [`cursor`](Self::cursor) says where the reader stands. Keep it with what you made of the events, and read on
/// [`after`](Self::after) it. If an event was split, only its last part moves the cursor.
///
/// After an error the reader stays where it is: the next item is the same event again, read a quarter of a second later. So the
/// reader passes no event that it could not read.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::connect("memory:", Domain::of::<Account>()).await?;
/// let id = Id::<Account>::new();
/// app.send(Open { id, owner: "Ada".into() }).await?;
/// app.send(Deposit { id, amount: 5 }).await?;
///
/// let mut accounts = app.follow::<Account>();
/// assert_eq!(accounts.next_event().await?.event, Opened { owner: "Ada".into() }.into());
/// assert_eq!(accounts.next_event().await?.event, Deposited { amount: 5 }.into());
/// let kept = accounts.cursor();
///
/// app.send(Deposit { id, amount: 7 }).await?;
/// let mut later = app.follow::<Account>().after(kept);
/// assert_eq!(later.next_event().await?.event, Deposited { amount: 7 }.into());
/// # Ok(())
/// # }
/// ```
pub struct Follow<A: Aggregate> {
    /// It is never read. Each reader is made from it.
    log: Subscription,
    /// What was read, with the cursor after it.
    events: Pin<Box<dyn Stream<Item = (Cursor, Read<A>)> + Send>>,
    cursor: Cursor,
    missing: Option<String>,
}

impl<A: Aggregate> Follow<A> {
    /// `missing` is the call that adds the aggregate to the domain, if it is missing there.
    pub(crate) fn new(log: Subscription, missing: Option<String>) -> Self {
        let cursor = log.cursor();
        let reader = Reader {
            log: log.again_after(cursor),
            parts: VecDeque::new(),
            before_parts: cursor,
            missing: missing.clone(),
            failed: false,
        };
        let events = stream::unfold(reader, |mut reader: Reader<A>| async move {
            let read = reader.next().await;
            Some((read, reader))
        });
        Self {
            log,
            events: Box::pin(events),
            cursor,
            missing,
        }
    }

    /// Begins after a cursor instead of at the start of the log.
    #[must_use]
    pub fn after(self, cursor: Cursor) -> Self {
        Self::new(self.log.after(cursor), self.missing)
    }

    /// Where the reader stands: after the last event that it gave in full.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The next event, as soon as there is one: the stream's next item, for those without `StreamExt`. Cancelling it loses
    /// nothing.
    ///
    /// # Errors
    /// [`LoadError::Decode`] when the event cannot be read in today's shape, [`LoadError::Store`] when the log cannot be read,
    /// [`LoadError::NotRegistered`] when the domain does not have the aggregate.
    pub async fn next_event(&mut self) -> Read<A> {
        std::future::poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Read<A>> {
        match self.events.as_mut().poll_next(context) {
            Poll::Ready(Some((cursor, read))) => {
                self.cursor = cursor;
                Poll::Ready(read)
            }
            // The reader never ends.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl<A: Aggregate> Stream for Follow<A> {
    type Item = Read<A>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Read<A>>> {
        self.poll_event(context).map(Some)
    }
}

impl<A: Aggregate> fmt::Debug for Follow<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("aggregate", &A::TYPE)
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

struct Reader<A: Aggregate> {
    log: Subscription,
    /// Events that were read and not taken yet. There are several only if an event was split.
    parts: VecDeque<Recorded<A::Event>>,
    before_parts: Cursor,
    missing: Option<String>,
    failed: bool,
}

impl<A: Aggregate> Reader<A> {
    /// The next event, with where the reader stands after it.
    async fn next(&mut self) -> (Cursor, Read<A>) {
        if std::mem::take(&mut self.failed) {
            sleep(PAUSE).await;
        }
        if let Some(missing) = &self.missing {
            self.failed = true;
            let error = LoadError::NotRegistered {
                aggregate: A::TYPE,
                missing: missing.clone(),
            };
            return (self.log.cursor(), Err(error));
        }
        loop {
            if let Some(part) = self.parts.pop_front() {
                let cursor = match self.parts.is_empty() {
                    true => self.log.cursor(),
                    false => self.before_parts,
                };
                return (cursor, Ok(part));
            }
            let before = self.log.cursor();
            let stored = self.log.next().await.map_err(LoadError::Store);
            match stored.and_then(RecordedEvent::decode::<A>) {
                Ok(parts) => {
                    self.parts.extend(parts);
                    self.before_parts = before;
                }
                Err(error) => {
                    self.log = self.log.again_after(before);
                    self.failed = true;
                    return (before, Err(error));
                }
            }
        }
    }
}
