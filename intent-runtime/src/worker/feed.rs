//! The end of the log, read once for all workers of a process.

use std::{collections::VecDeque, pin::pin, sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

use crate::{
    log::{page::Page, subscription::Subscription},
    record::{cursor::Cursor, event::RecordedEvent},
    store::{port::Store, selection::LogSelection},
};

/// How many of the last events are kept for workers that are a little behind.
const EVENTS: usize = 10_000;
/// And how many bytes of payloads and metadata.
const BYTES: usize = 8 * 1024 * 1024;
/// How long the feed rests after a failure.
const PAUSE: Duration = Duration::from_millis(250);

/// Reads what comes at the end of the log, as long as a worker wants it. Workers that are further behind read by themselves.
pub(crate) struct Feed {
    store: Arc<dyn Store>,
    selection: LogSelection,
    window: watch::Sender<Window>,
    wanted: Notify,
}

/// The last events of the log.
#[derive(Default)]
pub(super) struct Window(Option<Span>);

struct Span {
    /// Where it begins and ends.
    from: Cursor,
    to: Cursor,
    /// Whether the log ends there too.
    end: bool,
    events: VecDeque<Arc<RecordedEvent>>,
    bytes: usize,
}

/// What a window has for a worker.
pub(super) enum Seen {
    Page(Page<Arc<RecordedEvent>>),
    Nothing,
    /// It does not go back so far.
    Gone,
}

impl Feed {
    /// A feed of the events that match one of the selections.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        selections: impl IntoIterator<Item = LogSelection>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            selection: any_of(selections),
            window: watch::Sender::default(),
            wanted: Notify::new(),
        })
    }

    /// The window, for a worker that has read the log to here. The feed begins here if nobody else uses it.
    pub(super) fn join(&self, cursor: Cursor) -> watch::Receiver<Window> {
        let window = self.window.subscribe();
        let begins = self.window.send_if_modified(|window| {
            let begins = window.0.is_none();
            window.0.get_or_insert_with(|| Span::at(cursor));
            begins
        });
        if begins {
            self.wanted.notify_one();
        }
        window
    }

    /// Reads on while somebody uses the window.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            self.wanted.notified().await;
            let failed = {
                let unused = pin!(self.window.closed());
                matches!(select(unused, pin!(self.read())).await, Either::Right(_))
            };
            // Workers read by themselves then, and meet the error too.
            self.window.send_replace(Window(None));
            if failed {
                sleep(PAUSE).await;
            }
        }
    }

    /// Reads on until that fails.
    async fn read(&self) {
        let from = self.window.borrow().0.as_ref().map(|span| span.to);
        let Some(from) = from else { return };
        let selection = self.selection.clone();
        let mut log = Subscription::new(Arc::clone(&self.store), None, selection).after(from);
        loop {
            match log.next_page().await {
                Ok(page) => self.window.send_modify(|window| {
                    if let Window(Some(span)) = window {
                        span.push(page, self.store.as_ref());
                    }
                }),
                Err(error) => {
                    tracing::debug!(?error, "the end of the log cannot be read");
                    return;
                }
            }
        }
    }
}

impl Window {
    /// What follows a cursor, for a worker that was told of the end there, or not.
    pub(super) fn after(&self, cursor: Cursor, selection: &LogSelection, end_given: bool) -> Seen {
        let Self(Some(span)) = self else {
            return Seen::Gone;
        };
        let (from, to, at) = (place(span.from), place(span.to), place(cursor));
        if at < from {
            return Seen::Gone;
        }
        // The worker may also have read further than the feed.
        if at > to || at == to && (!span.end || end_given) {
            return Seen::Nothing;
        }
        let first = span.events.partition_point(|it| it.position.get() <= at);
        let events = span.events.range(first..);
        Seen::Page(Page {
            events: events.filter(|it| selection.has(it)).cloned().collect(),
            cursor: span.to,
            end: span.end,
        })
    }
}

impl Span {
    const fn at(cursor: Cursor) -> Self {
        Self {
            from: cursor,
            to: cursor,
            end: false,
            events: VecDeque::new(),
            bytes: 0,
        }
    }

    fn push(&mut self, page: Page, store: &dyn Store) {
        self.bytes += page.events.iter().map(size).sum::<usize>();
        self.events.extend(page.events.into_iter().map(Arc::new));
        (self.to, self.end) = (page.cursor, page.end);
        while self.events.len() > EVENTS || self.bytes > BYTES {
            let Some(first) = self.events.pop_front() else {
                break;
            };
            self.bytes -= size(&first);
            self.from = Cursor::after(store.store_id(), first.position);
        }
    }
}

fn size(event: &RecordedEvent) -> usize {
    event.payload.len() + event.metadata.json().len()
}

fn place(cursor: Cursor) -> u64 {
    cursor.place().map_or(0, |(_, position)| position.get())
}

/// The events that match one of these.
fn any_of(selections: impl IntoIterator<Item = LogSelection>) -> LogSelection {
    let mut union = LogSelection::all();
    for selection in selections {
        // Without names it is every event.
        if selection.names.is_empty() {
            return LogSelection::all();
        }
        union = selection.names.into_iter().fold(union, LogSelection::name);
    }
    union
}
