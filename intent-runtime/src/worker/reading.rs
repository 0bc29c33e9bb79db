//! What a worker reads: the log by itself while it is behind, and at the end the feed of its process.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    log::{page::Page, subscription::Subscription},
    record::{cursor::Cursor, event::RecordedEvent, id::TenantId},
    store::{error::StoreError, port::Store, selection::LogSelection},
    worker::{
        feed::{Feed, Seen, Window},
        runner::Runner,
    },
};

/// The log as a worker reads it, from some place on.
pub(super) struct Reading {
    store: Arc<dyn Store>,
    feed: Arc<Feed>,
    selection: LogSelection,
    cursor: Cursor,
    /// Whether the last page said that the log ends there.
    end_given: bool,
    from: From,
}

enum From {
    Log(Box<Subscription>),
    Feed(watch::Receiver<Window>),
}

impl Runner {
    /// All events that the model hears.
    pub(super) fn reading(&self) -> Reading {
        let (store, feed) = (&self.process.store, &self.process.feed);
        Reading::new(Arc::clone(store), Arc::clone(feed), self.selection.clone())
    }

    /// The events of one tenant.
    pub(super) fn log_of(&self, tenant: TenantId, after: Cursor) -> Subscription {
        let (store, selection) = (Arc::clone(&self.process.store), self.selection.clone());
        Subscription::new(store, Some(tenant), selection).after(after)
    }
}

impl Reading {
    pub(super) fn new(store: Arc<dyn Store>, feed: Arc<Feed>, selection: LogSelection) -> Self {
        let log = Subscription::new(Arc::clone(&store), None, selection.clone());
        Self {
            store,
            feed,
            selection,
            cursor: Cursor::START,
            end_given: false,
            from: From::Log(Box::new(log)),
        }
    }

    /// Reads on after another cursor.
    pub(super) fn go_to(&mut self, cursor: Cursor) {
        let log = Subscription::new(Arc::clone(&self.store), None, self.selection.clone());
        self.cursor = cursor;
        self.end_given = false;
        self.from = From::Log(Box::new(log.after(cursor)));
    }

    /// The next page. The end of the log is told once. Cancelling it loses nothing.
    pub(super) async fn next_page(&mut self) -> Result<Page<Arc<RecordedEvent>>, StoreError> {
        loop {
            match &mut self.from {
                From::Log(log) => {
                    let page = log.next_page().await?;
                    if page.end {
                        self.from = From::Feed(self.feed.join(page.cursor));
                    }
                    let events = page.events.into_iter().map(Arc::new).collect();
                    return Ok(self.given(Page {
                        events,
                        cursor: page.cursor,
                        end: page.end,
                    }));
                }
                From::Feed(window) => {
                    let seen = {
                        let window = window.borrow_and_update();
                        window.after(self.cursor, &self.selection, self.end_given)
                    };
                    let is_over = match seen {
                        Seen::Page(page) => return Ok(self.given(page)),
                        Seen::Nothing => window.changed().await.is_err(),
                        Seen::Gone => true,
                    };
                    if is_over {
                        self.go_to(self.cursor);
                    }
                }
            }
        }
    }

    fn given(&mut self, page: Page<Arc<RecordedEvent>>) -> Page<Arc<RecordedEvent>> {
        (self.cursor, self.end_given) = (page.cursor, page.end);
        page
    }
}
