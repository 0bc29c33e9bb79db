//! Appends behind somebody's lock, and what others notice of it.

use std::time::Duration;

use intent_runtime::{
    AsOf, Expect, PgStore, Store, StoreError, StreamId, Timestamp, store::Appended,
};
use intent_tests::postgres::Proxy;
use sqlx::PgTransaction;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::roles::Roles;
use crate::store::appending::{append, stream};

/// Generous for a statement, and less than a lane once spent on a lock.
const SOON: Duration = Duration::from_secs(4);

type Answer = Result<Appended, StoreError>;

/// A stream that an open transaction of the user's has locked.
async fn locked(store: &PgStore) -> (PgTransaction<'static>, StreamId) {
    let (mut open, stream) = (store.pool().begin().await.unwrap(), stream());
    let joined = store.append_in(&mut open, append(&stream, 1)).await;
    joined.unwrap();
    (open, stream)
}

fn spawn(store: &PgStore, stream: &StreamId) -> JoinHandle<Answer> {
    let (store, append) = (store.clone(), append(stream, 1));
    tokio::spawn(async move { store.append(append).await })
}

fn assert_stored(answer: &Answer) {
    assert!(matches!(answer, Ok(Appended::Stored { .. })), "{answer:?}");
}

/// That a task behind a lock ends, and how it may.
async fn assert_answered(waiting: JoinHandle<Answer>) {
    let answer = timeout(SOON, waiting).await.unwrap().unwrap();
    let stored = matches!(answer, Ok(Appended::Stored { .. }));
    let given_up = matches!(answer, Err(StoreError::Busy { .. }));
    assert!(stored || given_up, "{answer:?}");
}

#[tokio::test]
async fn a_locked_stream_holds_up_none_of_those_written_with_it() {
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

#[tokio::test]
async fn a_queued_append_goes_past_a_locked_one_though_nobody_else_comes() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let (open, locked) = locked(&store).await;
    let waiting = spawn(&store, &locked);
    sleep(Duration::from_millis(5)).await;
    let (forgotten, other) = (stream(), stream());
    let given_up = spawn(&store, &forgotten);
    let queued = spawn(&store, &other);
    tokio::task::yield_now().await;
    given_up.abort();
    let answer = timeout(SOON, queued).await.unwrap().unwrap();
    assert_stored(&answer);
    assert!(!waiting.is_finished(), "it is answered before the first");
    // They were queued together, and nothing that was handed over is lost.
    let now = AsOf::Recorded(Timestamp::now());
    let version = store.version_as_of(&forgotten, now).await.unwrap();
    assert_eq!(version.get(), 1);
    open.commit().await.unwrap();
    assert_answered(waiting).await;
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
    // What can be written without looking anything up still is.
    assert_stored(&cut_off.append(append(&stream(), 1)).await);
}
