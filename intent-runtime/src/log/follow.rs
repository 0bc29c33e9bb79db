//! [`Follow`]: the log as typed events.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::stream::{self, Stream};
use tokio::time::sleep;

use crate::{
    dispatch::error::LoadError,
    log::{page::Page, subscription::Subscription},
    model::{aggregate::Aggregate, recorded::Recorded},
    record::{cursor::Cursor, event::RecordedEvent},
};

/// How long a reader that failed waits before it tries again, so that a caller who ignores errors keeps no core busy.
const PAUSE: Duration = Duration::from_millis(250);

type Read<A> = Result<Recorded<<A as Aggregate>::Event>, LoadError>;
type Pages = Pin<Box<dyn Stream<Item = Result<Page, LoadError>> + Send>>;

/// The events of one type of aggregate, in today's shape and in the order of the log: the old ones first, then new ones as
/// they are committed. It is a [`Stream`] that never
/// ends.
///
/// Take events one by one, or all that are there with [`next_page`](Self::next_page). [`cursor`](Self::cursor) says where the reader
/// stands. Keep it with what you made of the events, and read on [`after`](Self::after) it. If an event was split, only its last
/// part moves the cursor.
///
/// After an error the reader stays where it is: the next item is the same event again, read a little later. So the
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
    missing: Option<String>,
    pages: Pages,
    /// What was read and not decoded yet.
    stored: VecDeque<RecordedEvent>,
    /// Where the page ends that was read last, and whether the log ended there.
    page_end: (Cursor, bool),
    /// What was decoded and not taken yet. There are several only if an event was split.
    parts: VecDeque<Recorded<A::Event>>,
    after_parts: Cursor,
    cursor: Cursor,
}

impl<A: Aggregate> Follow<A> {
    /// `missing` is the call that adds the aggregate to the domain, if it is missing there.
    pub(crate) fn new(log: Subscription, missing: Option<String>) -> Self {
        let cursor = log.cursor();
        Self {
            pages: pages::<A>(log.again_after(cursor), missing.clone(), false),
            log,
            missing,
            stored: VecDeque::new(),
            page_end: (cursor, false),
            parts: VecDeque::new(),
            after_parts: cursor,
            cursor,
        }
    }

    /// Begins after a cursor instead of at the start of the log.
    #[must_use]
    pub fn after(self, cursor: Cursor) -> Self {
        Self::new(self.log.after(cursor), self.missing)
    }

    /// Where the reader stands: after the last event that it gave in full, or further if only unwanted events follow.
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
        poll_fn(|context| self.poll_event(context)).await
    }

    /// The next page, as soon as there is one: the events that were read and not taken yet, or else those that follow, as
    /// [`Subscription::next_page`] gives them. An event that cannot be read ends a page, and is the error of the next one. Cancelling
    /// it loses nothing.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::connect("memory:", Domain::of::<Account>()).await?;
    /// let id = Id::<Account>::new();
    /// app.send(Open { id, owner: "Ada".into() }).await?;
    /// app.send(Deposit { id, amount: 5 }).await?;
    ///
    /// let page = app.follow::<Account>().next_page().await?;
    /// assert_eq!(page.events[1].event, Deposited { amount: 5 }.into());
    /// assert!(page.end);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    pub async fn next_page(&mut self) -> Result<Page<Recorded<A::Event>>, LoadError> {
        if self.parts.is_empty() && self.stored.is_empty() {
            poll_fn(|context| self.poll_page(context)).await?;
        }
        let mut events = Vec::with_capacity(self.stored.len());
        loop {
            if !self.parts.is_empty() {
                events.extend(mem::take(&mut self.parts));
                self.cursor = self.after_parts;
            }
            match self.decode() {
                Some(Ok(())) => {}
                Some(Err(error)) if events.is_empty() => return Err(error),
                stopped => {
                    return Ok(Page {
                        events,
                        cursor: self.cursor,
                        end: self.page_end.1 && stopped.is_none(),
                    });
                }
            }
        }
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Read<A>> {
        loop {
            if let Some(part) = self.parts.pop_front() {
                if self.parts.is_empty() {
                    self.cursor = self.after_parts;
                }
                return Poll::Ready(Ok(part));
            }
            match self.decode() {
                Some(decoded) => decoded?,
                None => ready!(self.poll_page(context))?,
            }
        }
    }

    /// Reads the next page.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<(), LoadError>> {
        let Some(page) = ready!(self.pages.as_mut().poll_next(context)) else {
            // The log never ends.
            return Poll::Pending;
        };
        let page = page?;
        if page.events.is_empty() {
            self.cursor = page.cursor;
        }
        self.stored = page.events.into();
        self.page_end = (page.cursor, page.end);
        Poll::Ready(Ok(()))
    }

    /// Decodes the next event of the page; `None` after the last. After an error, it is read from the log again.
    fn decode(&mut self) -> Option<Result<(), LoadError>> {
        let stored = self.stored.pop_front()?;
        let after = match self.page_end.0.place() {
            Some((store, _)) if !self.stored.is_empty() => Cursor::after(store, stored.position),
            _ => self.page_end.0,
        };
        Some(match stored.decode::<A>() {
            Ok(parts) => {
                self.parts.extend(parts);
                self.after_parts = after;
                if self.parts.is_empty() {
                    self.cursor = after;
                }
                Ok(())
            }
            Err(error) => {
                self.stored.clear();
                self.pages = pages::<A>(self.log.again_after(self.cursor), None, true);
                Err(error)
            }
        })
    }
}

/// Nothing is pinned in it but the pages, which are boxed.
impl<A: Aggregate> Unpin for Follow<A> {}

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

/// The pages of a log. After an error it pauses, and reads on from the same place.
fn pages<A: Aggregate>(log: Subscription, missing: Option<String>, failed: bool) -> Pages {
    let reader = (log, missing, failed);
    Box::pin(stream::unfold(
        reader,
        |(mut log, missing, failed)| async move {
            if failed {
                sleep(PAUSE).await;
            }
            let page = match &missing {
                Some(missing) => Err(LoadError::NotRegistered {
                    aggregate: A::TYPE,
                    missing: missing.clone(),
                }),
                None => log.next_page().await.map_err(LoadError::Store),
            };
            let failed = page.is_err();
            Some((page, (log, missing, failed)))
        },
    ))
}
