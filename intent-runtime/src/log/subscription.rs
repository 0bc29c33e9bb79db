//! [`Subscription`]: the log as it grows, read in order, in pages, at the reader's own pace.

use std::{collections::VecDeque, fmt, ops::ControlFlow, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::{JoinSet, yield_now},
    time::{Instant, sleep, timeout},
};

use crate::{
    log::{filter::LogFilter, page::Page},
    record::{cursor::Cursor, event::RecordedEvent, id::TenantId},
    schema::catalogue::Catalogue,
    store::{
        error::StoreError,
        log::{LogPage, NextPage, ReadLog},
        port::Store,
        selection::LogSelection,
    },
};

/// How many events are looked at in one reading.
const PAGE: usize = 5_000;
/// How many in the first one, so that there is soon something to do while the next page is read.
const FIRST_PAGE: usize = 500;
/// How many bytes of payloads and metadata end a page, so that what waits to be taken stays small.
const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// How soon a reader looks again for events behind an open transaction. The wait doubles, up to the longest.
const HELD_UP: Duration = Duration::from_millis(1);
const LONGEST_HELD_UP: Duration = Duration::from_millis(250);
/// Events that come this close to each other are likely followed by more, so the reader looks again soon: another process
/// sends one notification for all its appends within this time.
const CLOSE: Duration = Duration::from_millis(5);
const SOON: Duration = Duration::from_millis(1);

type Reading = (LogPage, VecDeque<RecordedEvent>);

/// The events of the log: the old ones first, then new ones as they are committed. Every event comes once, in order, and none
/// is left out.
///
/// Take events one by one with [`next`](Self::next), or all that are there with [`next_page`](Self::next_page). A page is read
/// when you ask for it, and the one after it ahead of time. Nothing further is read ahead, so a slow reader costs no memory.
/// [`cursor`](Self::cursor) says where the reader stands. Keep it with what you made of the events, and read on after it when
/// the program starts again.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::{LogFilter, prelude::*};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::connect("memory:", Domain::of::<Account>()).await?;
/// let id = Id::<Account>::new();
/// app.send(Open { id, owner: "Ada".into() }).await?;
/// app.send(Deposit { id, amount: 5 }).await?;
///
/// let mut deposits = app.subscribe(LogFilter::all().event::<Deposited>());
/// let event = deposits.next().await?;
/// assert_eq!(event.payload, r#"{"amount":5}"#);
///
/// let mut later = app.subscribe(LogFilter::all()).after(deposits.cursor());
/// app.send(Deposit { id, amount: 7 }).await?;
/// assert_eq!(later.next().await?.version.get(), 3);
/// # Ok(())
/// # }
/// ```
pub struct Subscription {
    store: Arc<dyn Store>,
    tenant: Option<TenantId>,
    selection: Arc<LogSelection>,
    /// Why nothing can be read with the filter.
    refused: Option<String>,
    /// The next page, read ahead if the last one was not the end of the log. At most one.
    ahead: JoinSet<Result<Reading, StoreError>>,
    /// Where the next page begins.
    read_to: Cursor,
    /// Where the reader stands.
    cursor: Cursor,
    /// Read, but not taken yet.
    waiting: VecDeque<RecordedEvent>,
    /// What follows the page that was read last.
    behind: NextPage,
    /// Whether `next_page` has something to return although no event waits: a cursor that moved, or the end.
    news: bool,
    /// Whether `next_page` gave the end, and nothing was read since.
    end_given: bool,
    wake_ups: watch::Receiver<()>,
    poll: Poll,
    /// When there was something to read last.
    found: Option<Instant>,
    /// Whether the last events came close to each other, a short while ago.
    busy: bool,
}

/// How often a reader looks without a wake-up.
#[derive(Clone, Copy)]
enum Poll {
    AsStoreSays,
    Every(Duration),
    Never,
}

impl Subscription {
    /// The log of a store, of one tenant or of all. An [`App`](crate::App) has shorter calls for it, which also check the
    /// filter against the domain. Here no name is checked, and an event without an aggregate is that of any aggregate.
    pub fn new(
        store: Arc<dyn Store>,
        tenant: Option<TenantId>,
        selection: impl Into<LogSelection>,
    ) -> Self {
        let wake_ups = store.wake_ups();
        Self {
            store,
            tenant,
            selection: Arc::new(selection.into()),
            refused: None,
            ahead: JoinSet::new(),
            read_to: Cursor::START,
            cursor: Cursor::START,
            waiting: VecDeque::new(),
            behind: NextPage::More,
            news: false,
            end_given: false,
            wake_ups,
            poll: Poll::AsStoreSays,
            found: None,
            busy: false,
        }
    }

    /// The same with a filter of types of a domain.
    pub(crate) fn in_domain(
        store: Arc<dyn Store>,
        tenant: Option<TenantId>,
        filter: &LogFilter,
        domain: &Catalogue,
    ) -> Self {
        match filter.in_domain(domain) {
            Ok(selection) => Self::new(store, tenant, selection),
            Err(what) => Self {
                refused: Some(what),
                ..Self::new(store, tenant, LogSelection::all())
            },
        }
    }

    /// Begins after a cursor instead of at the start of the log.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.cursor = cursor;
        self.read_to = cursor;
        self.waiting.clear();
        self.ahead = JoinSet::new();
        (self.news, self.end_given) = (false, false);
        self
    }

    /// Another reader of the same events, which begins after `cursor`.
    pub(crate) fn again_after(&self, cursor: Cursor) -> Self {
        let (store, selection) = (
            Arc::clone(&self.store),
            LogSelection::clone(&self.selection),
        );
        Self {
            refused: self.refused.clone(),
            poll: self.poll,
            ..Self::new(store, self.tenant, selection)
        }
        .after(cursor)
    }

    /// How often to look for new events without a wake-up. Unless it is set, the store says: each quarter of a second, or on
    /// Postgres every three seconds while other processes can wake this one. `None` relies on wake-ups alone, which can be lost.
    #[must_use]
    pub fn poll(mut self, every: Option<Duration>) -> Self {
        self.poll = every.map_or(Poll::Never, Poll::Every);
        self
    }

    /// Where the reader stands: after the last event that it took, or further if only unwanted events follow.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The next event, as soon as there is one. Cancelling it loses nothing.
    ///
    /// # Errors
    /// [`StoreError::UnknownCursor`] when the log cannot be read from there, [`StoreError::InvalidFilter`] when the filter names
    /// an event that no aggregate lists, or why it cannot be read; it may be called again.
    pub async fn next(&mut self) -> Result<RecordedEvent, StoreError> {
        let mut pause = HELD_UP;
        loop {
            if let Some(event) = self.take() {
                return Ok(event);
            }
            self.read().await?;
            if self.waiting.is_empty() {
                self.pause(&mut pause).await;
            }
        }
    }

    /// The next page, as soon as there is one: the events that were read and not taken yet, or else those that follow, at most
    /// 5,000 and about 8 MiB of payloads and metadata. Cancelling it loses nothing.
    ///
    /// At the end of the log, one page says so, even without events. The next page comes when the log has grown. Pages without
    /// events also come where nothing is wanted, to move the cursor.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::{LogFilter, prelude::*};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let app = App::connect("memory:", Domain::of::<Account>()).await?;
    /// let id = Id::<Account>::new();
    /// app.send(Open { id, owner: "Ada".into() }).await?;
    /// app.send(Deposit { id, amount: 5 }).await?;
    ///
    /// let mut log = app.subscribe(LogFilter::all());
    /// let (mut events, mut cursor) = (0, Cursor::START);
    /// loop {
    ///     let page = log.next_page().await?;
    ///     events += page.events.len();
    ///     cursor = page.cursor; // kept with what was made of the events
    ///     if page.end {
    ///         break;
    ///     }
    /// }
    /// assert_eq!((events, cursor), (2, log.cursor()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_page(&mut self) -> Result<Page, StoreError> {
        let mut pause = HELD_UP;
        while self.waiting.is_empty() && !self.news {
            self.read().await?;
            if self.waiting.is_empty() && !self.news {
                self.pause(&mut pause).await;
            }
        }
        let end = self.behind == NextPage::End;
        self.cursor = self.read_to;
        (self.news, self.end_given) = (false, end);
        Ok(Page {
            events: std::mem::take(&mut self.waiting).into(),
            cursor: self.cursor,
            end,
        })
    }

    /// Waits until reading on may give more.
    async fn pause(&mut self, pause: &mut Duration) {
        match self.behind {
            NextPage::More => {}
            NextPage::HeldUp => {
                // New events would not help, because they come after those that are held up.
                sleep(*pause).await;
                *pause = (*pause * 2).min(LONGEST_HELD_UP);
            }
            NextPage::End => self.wait().await,
        }
    }

    fn take(&mut self) -> Option<RecordedEvent> {
        let event = self.waiting.pop_front()?;
        self.cursor = match self.read_to.place() {
            Some((store, _)) if !self.waiting.is_empty() => Cursor::after(store, event.position),
            _ => self.read_to,
        };
        Some(event)
    }

    /// Reads the next page. If it is cancelled, all of it is kept or nothing.
    async fn read(&mut self) -> Result<(), StoreError> {
        if let Some(what) = self.refused.clone() {
            return Err(StoreError::InvalidFilter { what });
        }
        let (page, events) = match self.ahead.join_next().await {
            Some(Ok(page)) => page?,
            // Without a runtime to read ahead on, the page is read here.
            Some(Err(_)) | None => self.page().await?,
        };
        self.behind = page.next;
        self.news = page.cursor != self.read_to || (page.next == NextPage::End && !self.end_given);
        self.read_to = page.cursor;
        let now = Instant::now();
        let is_close = self.found.is_some_and(|found| now - found < CLOSE);
        if events.is_empty() {
            self.cursor = page.cursor;
            self.busy &= is_close;
        } else {
            self.found = Some(now);
            self.busy = is_close;
        }
        self.waiting = events;
        if page.next == NextPage::More {
            let next = self.page();
            self.ahead.spawn(next);
            // What was spawned here would begin only when this task pauses, after all work on the page.
            yield_now().await;
        }
        Ok(())
    }

    /// The page behind what was read.
    fn page(&mut self) -> impl Future<Output = Result<Reading, StoreError>> + Send + use<> {
        // Seen as of now, so that a wake-up while reading is not missed.
        self.wake_ups.mark_unchanged();
        let (store, selection) = (Arc::clone(&self.store), Arc::clone(&self.selection));
        let (after, tenant) = (self.read_to, self.tenant);
        let limit = if self.found.is_none() {
            FIRST_PAGE
        } else {
            PAGE
        };
        async move {
            let read = ReadLog {
                after,
                tenant,
                filter: &selection,
                limit,
            };
            let mut events = VecDeque::new();
            let mut bytes = 0;
            let mut sink = |event: RecordedEvent| {
                bytes += event.payload.len() + event.metadata.json().len();
                events.push_back(event);
                if bytes < PAGE_BYTES {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            };
            let mut page = store.read_log(read, &mut sink).await?;
            if bytes >= PAGE_BYTES {
                page.next = NextPage::More;
            }
            Ok((page, events))
        }
    }

    async fn wait(&mut self) {
        let woken = self.wake_ups.changed();
        // If no sender is left, the store is gone. The next read reports that.
        let poll = match self.poll {
            Poll::AsStoreSays => Some(self.store.poll_interval()),
            Poll::Every(poll) => Some(poll),
            Poll::Never => None,
        };
        let _ = match poll {
            Some(poll) => {
                let poll = if self.busy { poll.min(SOON) } else { poll };
                timeout(poll, woken).await.unwrap_or(Ok(()))
            }
            None => woken.await,
        };
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("store", &self.store)
            .field("selection", &self.selection)
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}
