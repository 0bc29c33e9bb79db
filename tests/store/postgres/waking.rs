//! Waiting readers: what wakes them, and what they hold meanwhile.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::tracing::{
    Event, Level, Metadata, Subscriber, callsite, field,
    span::{Attributes, Id as SpanId, Record},
    subscriber,
};
use intent_runtime::{
    Cursor, LogFilter, PgStore, Subscription, TenantId, Timestamp, Version,
    store::AsOfTime,
    store::{Log, LogHealth, LogSelection, NextPage, ReadLog, Streams},
};
use intent_tests::postgres::Proxy;
use sqlx::postgres::PgPoolOptions;
use tokio::{task::JoinSet, time::timeout};

use super::{roles::Roles, waiting::SOON};
use crate::store::appending::{append, stream};

/// Keeps what is logged of wake-ups.
#[derive(Clone, Default)]
struct Aloud(Arc<Mutex<Vec<(Level, String)>>>);

impl Subscriber for Aloud {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("intent_runtime")
    }

    fn new_span(&self, _: &Attributes<'_>) -> SpanId {
        SpanId::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = String::new();
        event.record(&mut |field: &field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                message = format!("{value:?}");
            }
        });
        if message.contains("readers") {
            let level = *event.metadata().level();
            self.0.lock().unwrap().push((level, message));
        }
    }

    fn record(&self, _: &SpanId, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &SpanId, _: &SpanId) {}
    fn enter(&self, _: &SpanId) {}
    fn exit(&self, _: &SpanId) {}
}

/// Makes statements that contain a text fail at the server, then lets them work again. Logs what is reported of both.
async fn broken_and_mended(text: &'static str, failure: fn(LogHealth) -> Option<String>) {
    let roles = Roles::new().await;
    let (broken, tried) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (breaks, tries) = (Arc::clone(&broken), Arc::clone(&tried));
    let proxy = Proxy::rewriting(roles.server(), move |sent| {
        if !sent.contains(text) {
            return sent.to_owned();
        }
        tries.fetch_add(1, Ordering::SeqCst);
        match breaks.load(Ordering::SeqCst) {
            true => sent.replace(text, "nothing of the kind"),
            false => sent.to_owned(),
        }
    })
    .await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    let store = store.unwrap();
    let _woken = store.wake_ups();
    store.append(append(&stream(), 1)).await.unwrap();
    until(&store, |health| failure(health).is_some()).await;
    let before = tried.load(Ordering::SeqCst);
    while tried.load(Ordering::SeqCst) < before + 3 {
        tokio::task::yield_now().await;
    }
    broken.store(false, Ordering::SeqCst);
    until(&store, |health| failure(health).is_none()).await;
}

async fn until(store: &PgStore, reached: impl Fn(LogHealth) -> bool) {
    let reached = async {
        while !reached(store.log_health().await.unwrap()) {
            callsite::rebuild_interest_cache();
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, reached).await.unwrap();
}

fn told(work: impl Future<Output = ()>) -> Vec<(Level, String)> {
    let aloud = Aloud::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    subscriber::with_default(aloud.clone(), || runtime.block_on(work));
    drop(runtime);
    let told = aloud.0.lock().unwrap();
    told.clone()
}

/// Once that it fails, and once that it works again.
fn assert_once(told: &[(Level, String)], what: &str) {
    let of_it = told.iter().filter(|(_, message)| message.contains(what));
    let levels: Vec<Level> = of_it.map(|(level, _)| *level).collect();
    assert_eq!(levels, [Level::WARN, Level::INFO], "{told:?}");
}

#[test]
fn a_process_that_cannot_listen_says_so_once() {
    let told = told(broken_and_mended("LISTEN", |health| health.listen_failure));
    assert_once(&told, "LISTEN");
}

#[test]
fn a_process_that_cannot_notify_says_so_once() {
    let told = told(broken_and_mended("pg_notify", |health| {
        health.notify_failure
    }));
    assert_once(&told, "NOTIFY");
}

/// How a look at who writes begins, and the same when it waits for somebody's lock.
const LOOKS: &str = "SELECT run.backend, run.checkpoint, ARRAY(";
const WAITS: &str = "SELECT run.backend, run.checkpoint || (SELECT '' FROM pg_advisory_xact_lock_shared(9)), ARRAY(";

#[tokio::test]
async fn a_reader_that_is_begun_and_not_polled_holds_up_no_other() {
    let roles = Roles::new().await;
    let proxy = Proxy::rewriting(roles.server(), |text| text.replace(LOOKS, WAITS)).await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    let store = store.unwrap();
    let mut open = store.pool().begin().await.unwrap();
    store
        .append_in(&mut open, append(&stream(), 1))
        .await
        .unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
    let mut held = roles.connection("postgres").await;
    let hold = sqlx::raw_sql("SELECT pg_advisory_lock(9)");
    hold.execute(&mut held).await.unwrap();
    let all = LogSelection::all();
    let read = ReadLog::new(Cursor::START, Some(TenantId::DEFAULT), &all, 10);
    let (mut sink, mut other) = (|_| ControlFlow::Continue(()), |_| ControlFlow::Continue(()));
    let mut kept = store.read_log(read, &mut sink);
    tokio::select! {
        page = &mut kept => panic!("it looks at nobody: {page:?}"),
        () = roles.until_lock_waits(1) => drop(held),
    }
    let page = timeout(SOON, store.read_log(read, &mut other)).await;
    let page = page.expect("it waits for the other").unwrap();
    assert_eq!(page.next, NextPage::HeldUp);
    assert_eq!(kept.await.unwrap().next, NextPage::HeldUp);
}

/// Invariant 9: no connection of the pool is kept while something else is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_readers_keep_no_connection() {
    const READERS: usize = 30;
    let roles = Roles::new().await;
    let proxy = Proxy::rewriting(roles.server(), |text| text.replace(LOOKS, WAITS)).await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(2));
    let url = roles.url_through(proxy.server(), &roles.app);
    let store = PgStore::new(pool.connect(&url).await.unwrap()).await;
    let store = store.unwrap();
    let mut open = store.pool().begin().await.unwrap();
    let early = append(&stream(), 1);
    store.append_in(&mut open, early).await.unwrap();
    let behind = stream();
    store.append(append(&behind, 1)).await.unwrap();
    let mut held = roles.connection("postgres").await;
    let hold = sqlx::raw_sql("SELECT pg_advisory_lock(9)");
    hold.execute(&mut held).await.unwrap();
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let tenant = Some(TenantId::DEFAULT);
        let mut log = Subscription::new(Arc::new(store.clone()), tenant, LogFilter::all());
        readers.spawn(async move { log.next().await.unwrap().position.get() });
    }
    roles.until_lock_waits(1).await;
    for version in 1..=20 {
        let now = AsOfTime::Recorded(Timestamp::MAX);
        let found = store.version_as_of(&behind, now).await.unwrap();
        assert_eq!(found, Version::new(version));
        store.append(append(&behind, 1)).await.unwrap();
    }
    open.commit().await.unwrap();
    drop(held);
    while let Some(position) = readers.join_next().await {
        assert_eq!(position.unwrap(), 1);
    }
}
