//! A subscription reads the next page ahead of time: what happens if that fails, or if nobody waits for it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use intent_runtime::{
    Cursor, LogFilter, Page, StoreError, Subscription,
    store::{EventName, EventSink, LogPage, LogSelection, MemoryStore, ReadLog, Store, Streams},
};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

use super::appending::{append_payload, stream};
use crate::dispatch::fixture::Interposed;

const PAGE: usize = 3;
const EVENTS: usize = 10;

/// Short pages of the log, each held until it may be read.
#[derive(Debug)]
pub struct Pages {
    allowed: Semaphore,
    count: watch::Sender<Count>,
    /// The page, by its number from 1, that fails.
    fails: Mutex<Option<usize>>,
}

/// How many readings reached each point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    begun: usize,
    done: usize,
    given_up: usize,
}

impl Pages {
    fn new(allowed: usize) -> Arc<Self> {
        Arc::new(Self {
            allowed: Semaphore::new(allowed),
            count: watch::Sender::default(),
            fails: Mutex::default(),
        })
    }

    pub async fn read(
        &self,
        store: &dyn Store,
        read: ReadLog<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<LogPage, StoreError> {
        self.count.send_modify(|count| count.begun += 1);
        let number = self.count.borrow().begun;
        let unfinished = GivenUp(&self.count);
        self.allowed.acquire().await.unwrap().forget();
        let fails = self.fails.lock().unwrap().take_if(|it| *it == number);
        let page = if fails.is_some() {
            Err(StoreError::Unavailable {
                place: "the disk".into(),
                source: "it does not answer".into(),
            })
        } else {
            let mut read = read;
            read.limit = read.limit.min(PAGE);
            store.read_log(read, sink).await
        };
        std::mem::forget(unfinished);
        self.count.send_modify(|count| count.done += 1);
        page
    }

    /// Waits until it has come to that.
    async fn until(&self, reached: impl FnMut(&Count) -> bool) -> Count {
        let mut count = self.count.subscribe();
        let reached = timeout(Duration::from_secs(20), count.wait_for(reached)).await;
        *reached.expect("it comes to that").unwrap()
    }

    fn count(&self) -> Count {
        *self.count.borrow()
    }
}

/// Counts a reading that was dropped before its end.
struct GivenUp<'a>(&'a watch::Sender<Count>);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| count.given_up += 1);
    }
}

/// A subscription to a log of some events, of which each says its number.
async fn subscription(pages: &Arc<Pages>) -> Subscription {
    let store = Interposed::in_pages(pages);
    let stream = stream();
    for number in 0..EVENTS {
        let append = append_payload(&stream, &number.to_string());
        store.append(append).await.unwrap();
    }
    Subscription::new(Arc::new(store), None, LogFilter::all())
}

/// Takes the events of these numbers.
async fn take(log: &mut Subscription, numbers: impl IntoIterator<Item = usize>) {
    for number in numbers {
        let event = timeout(Duration::from_secs(20), log.next()).await;
        let event = event.expect("an event comes").unwrap();
        assert_eq!(event.payload, number.to_string());
    }
}

#[tokio::test]
async fn a_page_is_read_while_the_last_is_taken_and_no_more_than_one() {
    let pages = Pages::new(100);
    let mut log = subscription(&pages).await;
    take(&mut log, [0]).await;
    pages.until(|count| count.done == 2).await;
    take(&mut log, [1, 2]).await;
    tokio::task::yield_now().await;
    assert_eq!(
        pages.count().begun,
        2,
        "the third waits for the second to be taken"
    );
    take(&mut log, 3..EVENTS).await;
}

#[tokio::test]
async fn an_error_of_the_next_page_comes_after_the_events_before_it() {
    let pages = Pages::new(100);
    let mut log = subscription(&pages).await;
    *pages.fails.lock().unwrap() = Some(2);
    take(&mut log, [0]).await;
    pages.until(|count| count.done == 2).await;
    take(&mut log, [1, 2]).await;
    let before = log.cursor();
    let error = log.next().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(log.cursor(), before);
    take(&mut log, 3..EVENTS).await;
}

#[tokio::test]
async fn a_cancelled_reader_leaves_the_page_ahead_on_its_way() {
    let pages = Pages::new(1);
    let mut log = subscription(&pages).await;
    take(&mut log, 0..PAGE).await;
    pages.until(|count| count.begun == 2).await;
    for _ in 0..3 {
        assert!(log.next().now_or_never().is_none(), "the page is held");
    }
    pages.allowed.add_permits(100);
    take(&mut log, PAGE..EVENTS).await;
    assert_eq!(pages.count().given_up, 0);
}

#[tokio::test]
async fn a_page_that_is_given_up_is_read_anew() {
    let pages = Pages::new(0);
    let mut log = subscription(&pages).await;
    // The task that asks for the first page reads it.
    assert!(log.next().now_or_never().is_none(), "the page is held");
    assert_eq!(pages.count().given_up, 1);
    pages.allowed.add_permits(100);
    take(&mut log, 0..EVENTS).await;
}

#[tokio::test]
async fn a_subscription_that_is_dropped_reads_no_further() {
    let pages = Pages::new(1);
    let mut log = subscription(&pages).await;
    take(&mut log, [0]).await;
    pages.until(|count| count.begun == 2).await;
    drop(log);
    let count = pages.until(|count| count.given_up == 1).await;
    assert_eq!((count.begun, count.done), (2, 1));
}

#[tokio::test]
async fn going_on_elsewhere_forgets_the_page_ahead() {
    let pages = Pages::new(1);
    let mut log = subscription(&pages).await;
    take(&mut log, [0, 1]).await;
    let second = log.cursor();
    pages.until(|count| count.begun == 2).await;
    let mut log = log.after(Cursor::START);
    pages.until(|count| count.given_up == 1).await;
    pages.allowed.add_permits(2);
    take(&mut log, 0..PAGE + 1).await;
    pages.until(|count| count.begun == 5).await;
    // From what was kept, with a page of the other run waiting and the next on its way.
    let mut log = log.after(second);
    assert_eq!(log.cursor(), second);
    pages.allowed.add_permits(100);
    take(&mut log, 2..EVENTS).await;
}

fn numbers(page: &Page) -> Vec<usize> {
    let payloads = page.events.iter().map(|event| event.payload.parse());
    payloads.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn pages_come_with_the_cursor_behind_them_and_say_where_the_log_ends() {
    let pages = Pages::new(100);
    let mut log = subscription(&pages).await;
    let mut given = Vec::new();
    loop {
        let page = log.next_page().await.unwrap();
        assert_eq!(page.cursor, log.cursor());
        assert!(page.events.len() <= PAGE);
        given.extend(numbers(&page));
        if page.end {
            break;
        }
    }
    assert_eq!(given, (0..EVENTS).collect::<Vec<_>>());
    assert!(
        log.next_page().now_or_never().is_none(),
        "the end comes once"
    );
}

#[tokio::test]
async fn what_is_left_of_a_page_is_a_page() {
    let pages = Pages::new(100);
    let mut log = subscription(&pages).await;
    take(&mut log, [0]).await;
    let page = log.next_page().await.unwrap();
    assert_eq!((numbers(&page), page.end), (vec![1, 2], false));
    take(&mut log, [3]).await;
    let mut again = log.after(page.cursor);
    assert_eq!(numbers(&again.next_page().await.unwrap()), [3, 4, 5]);
}

#[tokio::test]
async fn a_page_that_is_not_waited_for_loses_nothing() {
    let pages = Pages::new(1);
    let mut log = subscription(&pages).await;
    assert_eq!(numbers(&log.next_page().await.unwrap()), [0, 1, 2]);
    for _ in 0..3 {
        assert!(log.next_page().now_or_never().is_none(), "it is held");
    }
    pages.allowed.add_permits(100);
    assert_eq!(numbers(&log.next_page().await.unwrap()), [3, 4, 5]);
    assert_eq!(pages.count().given_up, 0);
}

#[tokio::test]
async fn an_end_comes_at_once_also_where_nothing_is_wanted() {
    let store = Arc::new(MemoryStore::new());
    let unheard = LogSelection::all().name(EventName::new(None, Some("Unheard")));
    let mut log = Subscription::new(store.clone(), None, unheard);
    let page = log.next_page().await.unwrap();
    assert_eq!(
        (page.events.len(), page.cursor, page.end),
        (0, Cursor::START, true)
    );
    let (grown, ()) = tokio::join!(log.next_page(), async {
        let append = append_payload(&stream(), "1");
        store.append(append).await.unwrap();
    });
    let page = grown.unwrap();
    assert_eq!((page.events.len(), page.end), (0, true));
    assert_ne!(
        page.cursor,
        Cursor::START,
        "it is behind what is not wanted"
    );
    let mut rest = Subscription::new(store, None, LogSelection::all()).after(page.cursor);
    assert_eq!(rest.next_page().await.unwrap().events, []);
}
