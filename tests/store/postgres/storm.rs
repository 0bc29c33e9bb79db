//! S7 under fire: writers that dawdle in their transactions, draw an xid early, roll back and lose races, while readers
//! follow the log. Ours must miss nothing; readers with the usual mistakes run beside it and must be caught.
//!
//! `INTENT_SOAK=1` makes it ten times as long.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use intent_runtime::{
    Id, LogFilter, PgStore, StoreError, Subscription, TenantId, Version,
    store::{Append, Appended, Expect, Store, StreamId, Streams},
};
use tokio::{sync::watch, task::JoinSet};
use uuid::Uuid;

use super::{
    levels::{LEVELS, set_level},
    mistakes::{Mistake, Mistaken},
    roles::Roles,
};
use crate::store::appending::{append, stream};

const WRITERS: usize = 16;
/// Each writer has streams of its own, and shares one with its neighbours.
const STREAMS: usize = 4;
const EVENTS: usize = 10;

/// What was acknowledged: the type of each stream and its version, as the writers know them.
type Ledger = HashMap<Uuid, (String, u64)>;
/// What a reader saw: streams and versions, in the order of the log.
type Seen = Vec<(Uuid, u64)>;
/// Which streams a reader is to see.
type Wanted = Box<dyn Fn(&str, Uuid) -> bool + Send>;

#[tokio::test(flavor = "multi_thread")]
async fn readers_skip_nothing_in_a_storm() {
    storm(LEVELS[0], 100_000, &Mistake::ALL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_skip_nothing_in_a_storm_of_repeatable_reads() {
    storm(LEVELS[1], 20_000, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_skip_nothing_in_a_storm_of_serializable_transactions() {
    storm(LEVELS[2], 20_000, &[]).await;
}

async fn storm(level: &str, events: usize, mistakes: &[Mistake]) {
    let soak = std::env::var_os("INTENT_SOAK").is_some();
    let events = if soak { 10 * events } else { events };
    let roles = Roles::new().await;
    set_level(roles.database(), level).await;
    let writing = roles.open(&roles.owner).await.unwrap();
    let reading: Arc<dyn Store> = Arc::new(roles.open(&roles.owner).await.unwrap());
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    let (stored, end) = (Arc::new(AtomicUsize::new(0)), watch::Sender::new(None));
    let shared = in_tenant();

    let mut readers = JoinSet::new();
    for (number, (filter, wanted)) in filters(&shared).into_iter().enumerate() {
        // Everything belongs to one tenant; half of the readers may read no other.
        let tenant = (number % 2 == 0).then(tenant);
        let log = Subscription::new(Arc::clone(&reading), tenant, filter);
        let (stored, end) = (Arc::clone(&stored), end.subscribe());
        readers.spawn(async move {
            // Each begins when a part of the log is there.
            while stored.load(Ordering::Relaxed) < number * events / 8 {
                tokio::task::yield_now().await;
            }
            (follow(log, end).await, wanted)
        });
    }
    let mut mistaken = JoinSet::new();
    for &mistake in mistakes {
        let reader = Mistaken::new(mistake, roles.connection("postgres").await);
        mistaken.spawn(reader.follow(end.subscribe()));
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, ledger, stored) = (writing.clone(), Arc::clone(&ledger), Arc::clone(&stored));
        let mut streams: Vec<StreamId> = (1..STREAMS).map(|_| of_kind(writer)).collect();
        streams.push(shared.clone());
        writers.spawn(async move {
            while stored.load(Ordering::Relaxed) < events {
                let stream = &streams[fastrand::usize(..streams.len())];
                if let Some(version) = write(&store, stream).await {
                    stored.fetch_add(EVENTS, Ordering::Relaxed);
                    let mut ledger = ledger.lock().unwrap();
                    let kind = stream.aggregate_type.to_string();
                    let last = ledger
                        .entry(stream.aggregate_id.as_uuid())
                        .or_insert((kind, 0));
                    last.1 = last.1.max(version);
                }
            }
        });
    }
    writers.join_all().await;
    let last = sqlx::query_scalar("SELECT max(position) FROM intent.events");
    let last: i64 = last
        .fetch_one(&mut roles.connection("postgres").await)
        .await
        .unwrap();
    end.send_replace(Some(last));
    // One more event for each reader, which shows that the reader is past the end.
    for stream in [shared, of_kind(0)] {
        writing.append(append(&stream, 1)).await.unwrap();
    }

    let ledger = ledger.lock().unwrap().clone();
    let all: u64 = ledger.values().map(|(_, events)| events).sum();
    println!(
        "{all} events in {} streams, last position {last}",
        ledger.len()
    );
    for (seen, wanted) in readers.join_all().await {
        let told = compare(&ledger, &seen, &wanted);
        println!("ours: {} events, {told:?}", seen.len());
        assert_eq!(told, Told::default());
    }
    let every: Wanted = Box::new(|_, _| true);
    for (mistake, seen) in mistaken.join_all().await {
        let told = compare(&ledger, &seen, &every);
        println!("{mistake:?}: {} events, {told:?}", seen.len());
        assert!(told.missed > 0, "the storm must catch {mistake:?}");
    }
}

/// One turn of a writer: the version its stream has come to, if something was stored.
async fn write(store: &PgStore, stream: &StreamId) -> Option<u64> {
    // No append leaves a stream there.
    let lost = Expect::Version(Version::new(1));
    let mut new = append(stream, EVENTS);
    if fastrand::u8(..100) < 5 {
        new.expect = lost;
    }
    let expected = new.expect;
    let joins = fastrand::bool();
    let outcome = match joins {
        true => join(store, new).await,
        false => store.append(new).await.map(Some),
    };
    match outcome {
        Ok(Some(Appended::Stored { version, .. })) if expected == Expect::Any => {
            Some(version.get())
        }
        Ok(None) if expected == Expect::Any => None,
        // An append that expects nothing loses no race, but may conflict with others at its keys again and again. A transaction
        // of the user's may be one that its level of isolation does not let pass.
        Err(StoreError::Busy { .. }) if joins || expected == Expect::Any => None,
        Err(StoreError::Conflict {
            stream: told,
            expected,
            actual,
        }) if expected == lost => {
            let whole = usize::try_from(actual.get()).unwrap() % EVENTS == 0;
            assert!(told == *stream && whole, "{told} is at {actual}");
            None
        }
        other => panic!("{expected:?}: {other:?}"),
    }
}

/// Appends in a transaction that takes its time, and now and then rolls back.
async fn join(store: &PgStore, new: Append) -> Result<Option<Appended>, StoreError> {
    let mut transaction = store.pool().begin().await.unwrap();
    if fastrand::bool() {
        let xid = sqlx::query("SELECT pg_current_xact_id()");
        xid.execute(&mut *transaction).await.unwrap();
        dawdle().await;
    }
    let appended = store.append_in(&mut transaction, new).await?;
    dawdle().await;
    if fastrand::u8(..100) < 3 {
        transaction.rollback().await.unwrap();
        return Ok(None);
    }
    match transaction.commit().await {
        Ok(()) => store.wake_readers(),
        // Waits for another transaction, at the level that does not see what a later one did.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("40001") => {
            return Ok(None);
        }
        Err(error) => panic!("{error:?}"),
    }
    Ok(Some(appended))
}

/// Part of the load, not a wait for anything.
async fn dawdle() {
    tokio::time::sleep(Duration::from_micros(fastrand::u64(..3_000))).await;
}

/// Follows the log until it is past the last position, once that is known.
async fn follow(mut log: Subscription, end: watch::Receiver<Option<i64>>) -> Seen {
    let mut seen = Seen::new();
    loop {
        let event = log.next().await.unwrap();
        let past = |last: i64| event.position.get() > last.unsigned_abs();
        if end.borrow().is_some_and(past) {
            return seen;
        }
        seen.push((event.aggregate_id.as_uuid(), event.version.get()));
    }
}

/// How what was seen differs from the ledger.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    missed: usize,
    repeated: usize,
    disordered: usize,
}

fn compare(ledger: &Ledger, seen: &Seen, wanted: &Wanted) -> Told {
    let mut told = Told::default();
    let mut last: HashMap<Uuid, u64> = HashMap::new();
    let mut found = HashSet::new();
    for (stream, version) in seen {
        told.repeated += usize::from(!found.insert((*stream, *version)));
        let before = last.insert(*stream, *version);
        told.disordered += usize::from(before.is_some_and(|before| before >= *version));
    }
    let mut expected = 0;
    for (stream, (kind, events)) in ledger {
        if wanted(kind, *stream) {
            let missed = (1..=*events).filter(|version| !found.contains(&(*stream, *version)));
            told.missed += missed.count();
            expected += usize::try_from(*events).unwrap();
        }
    }
    // An event that was not wanted, or never acknowledged, counts as seen too often.
    told.repeated += (found.len() + told.missed).saturating_sub(expected);
    told
}

/// Not the default tenant, because its log is read in another way.
fn tenant() -> TenantId {
    TenantId::from_name("storm")
}

fn in_tenant() -> StreamId {
    StreamId {
        tenant_id: tenant(),
        ..stream()
    }
}

fn of_kind(writer: usize) -> StreamId {
    StreamId {
        aggregate_type: format!("Kind{}", writer % 4).into(),
        ..in_tenant()
    }
}

fn filters(shared: &StreamId) -> Vec<(LogFilter, Wanted)> {
    let id = shared.aggregate_id.as_uuid();
    let two_kinds = LogFilter::all()
        .aggregate_type("Kind0")
        .aggregate_type("Kind1");
    let accounts = LogFilter::all()
        .event_type("Deposited")
        .aggregate_type("Account");
    vec![
        (LogFilter::all(), Box::new(|_, _| true)),
        (
            two_kinds,
            Box::new(|kind, _| kind == "Kind0" || kind == "Kind1"),
        ),
        (accounts, Box::new(|kind, _| kind == "Account")),
        (
            LogFilter::all().id(Id::<()>::from_uuid(id)),
            Box::new(move |_, stream| stream == id),
        ),
    ]
}
