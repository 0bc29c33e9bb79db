//! How the suite reads the log: a page, all of it, or one event after another as they come.

use std::{collections::VecDeque, ops::ControlFlow, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    record::{cursor::Cursor, event::RecordedEvent, id::TenantId},
    store::{
        conformance::Subject,
        error::StoreError,
        log::{LogPage, NextPage, ReadLog},
        port::Log,
        selection::LogSelection,
    },
};

/// Follows the whole log of a store, as a program does that keeps up with it.
pub(super) struct Reader {
    store: Subject,
    wake_ups: watch::Receiver<()>,
    cursor: Cursor,
    /// Read, but not given yet.
    waiting: VecDeque<RecordedEvent>,
    /// How long it waits for a wake-up before it looks for itself; `None` for good.
    poll: Option<Duration>,
}

impl Reader {
    pub(super) fn new(store: &Subject) -> Self {
        Self {
            store: Arc::clone(store),
            wake_ups: store.wake_ups(),
            cursor: Cursor::START,
            waiting: VecDeque::new(),
            poll: Some(Duration::from_millis(20)),
        }
    }

    /// One that relies on wake-ups alone.
    pub(super) fn without_polling(store: &Subject) -> Self {
        Self {
            poll: None,
            ..Self::new(store)
        }
    }

    /// The next event, as soon as there is one. Cancelling it loses nothing.
    pub(super) async fn next(&mut self) -> RecordedEvent {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return event;
            }
            // Seen as of now, so that a wake-up while reading is not missed.
            self.wake_ups.mark_unchanged();
            let (events, page) =
                read(&self.store, self.cursor, None, &LogSelection::all(), 100).await;
            self.cursor = page.cursor;
            self.waiting.extend(events);
            match page.next {
                NextPage::HeldUp if self.waiting.is_empty() => {
                    sleep(Duration::from_millis(1)).await;
                }
                NextPage::End if self.waiting.is_empty() => self.wait().await,
                _ => {}
            }
        }
    }

    async fn wait(&mut self) {
        let woken = self.wake_ups.changed();
        match self.poll {
            Some(poll) => drop(timeout(poll, woken).await),
            None => woken.await.expect("the store wakes readers while it lives"),
        }
    }
}

/// The events and the page that a reading of the log comes to.
pub(super) async fn try_read(
    store: &(impl Log + ?Sized),
    after: Cursor,
    tenant: Option<TenantId>,
    filter: &LogSelection,
    limit: usize,
) -> Result<(Vec<RecordedEvent>, LogPage), StoreError> {
    let mut events = Vec::new();
    let mut sink = |event| {
        events.push(event);
        ControlFlow::Continue(())
    };
    let read = ReadLog {
        after,
        tenant,
        filter,
        limit,
    };
    let page = store.read_log(read, &mut sink).await?;
    Ok((events, page))
}

pub(super) async fn read(
    store: &Subject,
    after: Cursor,
    tenant: Option<TenantId>,
    filter: &LogSelection,
    limit: usize,
) -> (Vec<RecordedEvent>, LogPage) {
    let read = try_read(&**store, after, tenant, filter, limit).await;
    read.expect("the log can be read")
}

/// All events of the log, in pages of so many.
pub(super) async fn whole_log(store: &Subject, limit: usize) -> Vec<RecordedEvent> {
    let mut all = Vec::new();
    let mut after = Cursor::START;
    loop {
        let (events, page) = read(store, after, None, &LogSelection::all(), limit).await;
        all.extend(events);
        after = page.cursor;
        match page.next {
            NextPage::End => return all,
            NextPage::More => {}
            NextPage::HeldUp => tokio::task::yield_now().await,
        }
    }
}

pub(super) fn payloads(events: &[RecordedEvent]) -> Vec<&str> {
    events.iter().map(|event| &*event.payload).collect()
}
