//! [`Follow`]: the log as typed events.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
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
    record::cursor::Cursor,
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
    missing: Option<String>,
    pages: Pages,
    /// What was read and not taken yet, each event with where the reader stands after it. Of the parts of a split event, only the
    /// last moves it.
    waiting: VecDeque<(Recorded<A::Event>, Option<Cursor>)>,
    /// Whether the log ended behind them.
    end: bool,
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
            waiting: VecDeque::new(),
            end: false,
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
        if self.waiting.is_empty() {
            poll_fn(|context| self.poll_page(context)).await?;
        }
        let mut events = Vec::with_capacity(self.waiting.len());
        while let Some(event) = self.take() {
            events.push(event);
        }
        let (cursor, end) = (self.cursor, self.end);
        Ok(Page {
            events,
            cursor,
            end,
        })
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Read<A>> {
        loop {
            if let Some(event) = self.take() {
                return Poll::Ready(Ok(event));
            }
            ready!(self.poll_page(context))?;
        }
    }

    fn take(&mut self) -> Option<Recorded<A::Event>> {
        let (event, after) = self.waiting.pop_front()?;
        self.cursor = after.unwrap_or(self.cursor);
        Some(event)
    }

    /// Reads and decodes the next page. An event that cannot be read ends it, and is then read from the log again.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<(), LoadError>> {
        let Some(page) = ready!(self.pages.as_mut().poll_next(context)) else {
            // The log never ends.
            return Poll::Pending;
        };
        let page = page?;
        self.end = page.end;
        for stored in page.events {
            let after = page.cursor.place();
            let after = after.map(|(store, _)| Cursor::after(store, stored.position));
            match stored.decode::<A>() {
                Ok(parts) => self
                    .waiting
                    .extend(parts.into_iter().map(|part| (part, None))),
                Err(error) => {
                    self.end = false;
                    let last = self.waiting.back().and_then(|(_, after)| *after);
                    let log = self.log.again_after(last.unwrap_or(self.cursor));
                    self.pages = pages::<A>(log, None, true);
                    return Poll::Ready(last.map(|_| ()).ok_or(error));
                }
            }
            self.stands(after.unwrap_or(self.cursor));
        }
        self.stands(page.cursor);
        Poll::Ready(Ok(()))
    }

    /// Notes where the reader stands after what was read.
    fn stands(&mut self, cursor: Cursor) {
        match self.waiting.back_mut() {
            Some((_, after)) => *after = Some(cursor),
            None => self.cursor = cursor,
        }
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
