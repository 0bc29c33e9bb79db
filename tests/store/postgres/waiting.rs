//! Appends behind another transaction's lock, and the effect on other appends.

use std::time::Duration;

use intent_runtime::{
    MemoryStore, Metadata, PgStore, StoreError, Timestamp,
    store::AsOfTime,
    store::{Appended, EncodedMetadata, Expect, Import, Log, StreamId, Streams},
};
use intent_tests::postgres::Proxy;
use sqlx::PgTransaction;
use tokio::{task::JoinHandle, time::timeout};

use super::roles::Roles;
use crate::store::appending::{append, begin, stream};

/// How long is waited for what would otherwise hang.
pub const SOON: Duration = Duration::from_secs(20);

pub type Answer = Result<Appended, StoreError>;

/// A stream that an open transaction of the user's has locked.
pub async fn locked(store: &PgStore) -> (PgTransaction<'static>, StreamId) {
    let (mut open, stream) = (store.pool().begin().await.unwrap(), stream());
    let joined = store.append_in(&mut open, append(&stream, 1)).await;
    joined.unwrap();
    (open, stream)
}

pub fn spawn(store: &PgStore, stream: &StreamId) -> JoinHandle<Answer> {
    let (store, append) = (store.clone(), append(stream, 1));
    tokio::spawn(async move { store.append(append).await })
}

pub fn assert_stored(answer: &Answer) {
    assert!(matches!(answer, Ok(Appended::Stored { .. })), "{answer:?}");
}

/// Checks that a task behind a lock ends, and with which results.
async fn assert_answered(waiting: JoinHandle<Answer>) {
    let answer = timeout(SOON, waiting).await.unwrap().unwrap();
    let stored = matches!(answer, Ok(Appended::Stored { .. }));
    let given_up = matches!(answer, Err(StoreError::Busy { .. }));
    assert!(stored || given_up, "{answer:?}");
}

#[tokio::test]
async fn a_locked_stream_does_not_delay_the_appends_of_its_batch() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let (open, locked) = locked(&store).await;
    // While the first is under way, the others gather for one statement.
    let mut others = vec![spawn(&store, &stream())];
    let waiting = spawn(&store, &locked);
    others.extend((0..50).map(|_| spawn(&store, &stream())));
    let answers = async {
        for other in others {
            assert_stored(&other.await.unwrap());
        }
    };
    let answered = timeout(SOON, answers).await;
    answered.expect("they are answered while the transaction is open");
    open.commit().await.unwrap();
    assert_answered(waiting).await;
}

/// A store whose appends wait for a lock until it is free, where the library's own wait half a second.
pub async fn patient(roles: &Roles) -> (PgStore, Proxy) {
    let rewrite = |text: &str| {
        let mut longer = text.to_owned();
        for limit in ["$11", "$15"] {
            let is_set = format!("set_config('lock_timeout', {limit}, true)");
            let to_what = format!("set_config('lock_timeout', replace({limit}, '500', '0'), true)");
            longer = longer.replace(&is_set, &to_what);
        }
        let limited = text.contains("'lock_timeout'");
        assert!(
            !limited || longer != text,
            "it is set in another way: {text}"
        );
        longer
    };
    let proxy = Proxy::rewriting(roles.server(), rewrite).await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    (store.unwrap(), proxy)
}

#[tokio::test]
async fn a_queued_append_passes_a_locked_one_without_further_appends() {
    let roles = Roles::new().await;
    let (store, _proxy) = patient(&roles).await;
    let (open, locked) = locked(&store).await;
    let (forgotten, other) = (stream(), stream());
    let waiting = spawn(&store, &locked);
    let given_up = spawn(&store, &forgotten);
    let queued = spawn(&store, &other);
    // Each has handed its append over.
    tokio::task::yield_now().await;
    given_up.abort();
    assert_stored(&queued.await.unwrap());
    assert!(!waiting.is_finished(), "it is answered before the first");
    // They were queued together, and no other append waits for that one.
    let now = AsOfTime::Recorded(Timestamp::now());
    let version = store.version_as_of(&forgotten, now).await.unwrap();
    assert_eq!(version.get(), 0);
    open.commit().await.unwrap();
    assert_stored(&waiting.await.unwrap());
}

#[tokio::test]
async fn many_locked_streams_do_not_delay_another_one() {
    const LANES: usize = 4;
    let roles = Roles::new().await;
    let (store, _proxy) = patient(&roles).await;
    let mut transactions = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..2 * LANES {
        let (open, stream) = locked(&store).await;
        transactions.push(open);
        waiting.push(spawn(&store, &stream));
    }
    // All that may wait for a lock do.
    roles.until_lock_waits(3).await;
    // One that finds a lane free, and some that are queued.
    for _ in 0..3 {
        let others: Vec<_> = (0..10).map(|_| spawn(&store, &stream())).collect();
        for other in others {
            assert_stored(&other.await.unwrap());
        }
    }
    assert!(waiting.iter().all(|it| !it.is_finished()), "all are locked");
    for open in transactions {
        open.commit().await.unwrap();
    }
    for waiting in waiting {
        assert_stored(&waiting.await.unwrap());
    }
}

#[tokio::test]
async fn an_append_behind_a_locked_table_fails_before_long() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    assert_stored(&store.append(append(&stream(), 1)).await);
    let mut held = roles.connection("postgres").await;
    let lock = sqlx::raw_sql("BEGIN; LOCK TABLE intent.events IN SHARE MODE");
    lock.execute(&mut held).await.unwrap();
    let waiting: Vec<_> = (0..64).map(|_| spawn(&store, &stream())).collect();
    let told = async {
        for waiting in waiting {
            let answer = waiting.await.unwrap();
            assert!(matches!(answer, Err(StoreError::Busy { .. })), "{answer:?}");
        }
    };
    timeout(SOON, told).await.expect("they are told meanwhile");
    drop(held);
    assert_stored(&store.append(append(&stream(), 1)).await);
}

/// The import is behind somebody's lock when its caller gives up.
#[tokio::test]
async fn readers_are_woken_after_an_import_whose_caller_gave_up() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let (source, stream) = (MemoryStore::new(), stream());
    let new = append(&stream, 3);
    let command = new.command_id;
    source.append(new).await.unwrap();
    let events = source.events_of_command(stream.tenant_id, command).await;
    let mut held = roles.connection("postgres").await;
    let lock = sqlx::raw_sql("BEGIN; LOCK TABLE intent.events IN SHARE MODE");
    lock.execute(&mut held).await.unwrap();
    let mut wake_ups = store.wake_ups();
    let mut importing = store.import(events.unwrap());
    tokio::select! {
        done = &mut importing => panic!("it is behind a lock: {done:?}"),
        () = roles.until_lock_waits(1) => drop(importing),
    }
    wake_ups.mark_unchanged();
    sqlx::raw_sql("COMMIT").execute(&mut held).await.unwrap();
    let woken = timeout(SOON, wake_ups.changed()).await;
    woken.expect("they are woken").unwrap();
    let found = store
        .version_as_of(&stream, AsOfTime::Recorded(Timestamp::MAX))
        .await;
    assert_eq!(found.unwrap().get(), 3);
}

#[tokio::test]
async fn no_more_wait_than_the_queue_has_room_for() {
    let roles = Roles::new().await;
    let (store, _proxy) = patient(&roles).await;
    let (open, locked) = locked(&store).await;
    let waiting = spawn(&store, &locked);
    // Its metadata counts for each of its events, and is there once.
    let metadata = Metadata::new().actor("a".repeat(16 * 1024));
    let metadata = EncodedMetadata::new(metadata).unwrap();
    let large = || {
        let mut append = append(&locked, 10_000);
        append.metadata = metadata.clone();
        append
    };
    tokio::task::yield_now().await;
    let mut queued = store.append(large());
    begin(&mut queued).await;
    let error = store.append(large()).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    let small = append(&locked, 1);
    let mut last = store.append(small);
    begin(&mut last).await;
    drop(queued);
    open.commit().await.unwrap();
    assert_stored(&waiting.await.unwrap());
    assert_stored(&last.await);
}

#[tokio::test]
async fn a_stored_command_is_no_conflict_when_it_cannot_be_looked_up() {
    const LOOK_UP: &str = "SELECT seen.aggregate_id, seen.aggregate_type";
    const BREAK: &str = "SELECT seen.aggregate_id, pg_terminate_backend(pg_backend_pid())::text";
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let rewrite = |text: &str| text.replace(LOOK_UP, BREAK);
    let proxy = Proxy::rewriting(roles.server(), rewrite).await;
    let cut_off = roles.open_through(proxy.server(), &roles.app).await;
    let cut_off = cut_off.unwrap();
    let mut once = append(&stream(), 1);
    once.expect = Expect::NoStream;
    assert_stored(&store.append(once.clone()).await);
    let error = cut_off.append(once.clone()).await.unwrap_err();
    assert!(
        matches!(error, StoreError::UnknownOutcome { .. }),
        "{error:?}"
    );
    let again = store.append(once).await.unwrap();
    assert!(matches!(again, Appended::Before(_)), "{again:?}");
    // Appends that need no look-up are still written.
    assert_stored(&cut_off.append(append(&stream(), 1)).await);
}
