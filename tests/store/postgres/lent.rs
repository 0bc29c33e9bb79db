//! A store beside a pool whose connections were left in some other state. The store is not affected.

use std::{
    ops::ControlFlow,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use intent_runtime::{
    App, Cursor, Domain, LogFilter, PgStore, Subscription, TenantId, Timestamp, Version,
    store::AsOfTime,
    store::{
        Appended, Log, LogSelection, NewSnapshot, NextPage, ReadLog, ReadStream, Snapshots, Store,
        StreamId, Streams,
    },
};
use intent_tests::postgres::{Proxy, TempDatabase};
use sqlx::{Acquire, AssertSqlSafe, Executor, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{roles::Roles, waiting::SOON};
use crate::store::appending::{append, stream};

/// What somebody left on the only connection of a pool.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// A `begin` that was cancelled.
    Begun,
    /// The same, and a statement failed there since.
    Aborted,
    /// A transaction with a snapshot that stays.
    Frozen,
    /// Settings of the session.
    Settings,
}

const EVERY: [Left; 4] = [Left::Begun, Left::Aborted, Left::Frozen, Left::Settings];

/// A pool of one connection, which trusts it as an application's may.
async fn pool(roles: &Roles, role: &str) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false);
    pool.connect(&roles.database().url_as(role)).await.unwrap()
}

impl Left {
    async fn leave(self, pool: &PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        match self {
            Self::Begun | Self::Aborted => while !cancelled_begin(&mut connection).await {},
            Self::Frozen => {
                let freeze = "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM pg_class";
                connection.execute(freeze).await.unwrap();
            }
            Self::Settings => {
                let settings = "SET default_transaction_isolation = 'serializable';
                     SET default_transaction_read_only = on;
                     SET row_security = off;
                     SET search_path = nowhere;
                     SET statement_timeout = '1ms'";
                connection.execute(settings).await.unwrap();
            }
        }
        drop(connection);
        if matches!(self, Self::Aborted) {
            pool.execute("SELECT 1/0").await.unwrap_err();
        }
        // The state that was left is still there when the connection is lent again.
        let mut lent = pool.acquire().await.unwrap();
        match self {
            Self::Settings => {
                let set = sqlx::query_scalar("SHOW row_security");
                let set: String = set.fetch_one(&mut *lent).await.unwrap();
                assert_eq!(set, "off");
            }
            Self::Aborted => {
                lent.execute("SELECT 1").await.unwrap_err();
            }
            Self::Begun | Self::Frozen => {
                lent.execute("SAVEPOINT there").await.unwrap();
            }
        }
    }
}

/// Begins a transaction and gives up while the server is asked. Returns whether there was a wait to give up: the answer may be
/// there at once.
async fn cancelled_begin(connection: &mut PgConnection) -> bool {
    let begun = {
        let mut begun = pin!(Acquire::begin(&mut *connection));
        let context = &mut Context::from_waker(Waker::noop());
        match begun.as_mut().poll(context) {
            Poll::Pending => None,
            Poll::Ready(begun) => Some(begun.unwrap().rollback().await),
        }
    };
    begun.is_none()
}

/// Events as another store exports them.
async fn exported() -> (Vec<u8>, StreamId) {
    let other = App::connect("memory:", Domain::new()).await.unwrap();
    let stream = stream();
    other.store().append(append(&stream, 3)).await.unwrap();
    let mut text = Vec::new();
    other.export().write(&mut text).await.unwrap();
    (text, stream)
}

async fn version(store: &dyn Store, stream: &StreamId) -> Version {
    let now = AsOfTime::Recorded(Timestamp::MAX);
    store.version_as_of(stream, now).await.unwrap()
}

/// How many events a connection of the superuser sees.
async fn committed(roles: &Roles) -> i64 {
    let mut admin = roles.connection("postgres").await;
    let count = sqlx::query_scalar("SELECT count(*) FROM intent.events");
    count.fetch_one(&mut admin).await.unwrap()
}

/// Ends what the pool's connection leads to, as the death of its process would.
async fn end(roles: &Roles, pool: &PgPool) {
    let pid = pool.acquire().await.unwrap();
    drop(pid);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    roles.run(end).await;
}

#[tokio::test]
async fn what_is_imported_is_durable_whatever_was_left_on_the_pool() {
    for left in EVERY {
        let roles = Roles::new().await;
        roles
            .run(&format!("SELECT intent.grant_reader('{}')", roles.app))
            .await;
        let pool = pool(&roles, &roles.app).await;
        let app = App::on(PgStore::new(pool.clone()).await.unwrap(), Domain::new())
            .await
            .unwrap();
        let (text, stream) = exported().await;
        left.leave(&pool).await;
        app.import().read(&mut &text[..]).await.unwrap();
        assert_eq!(committed(&roles).await, 3, "{left:?}");
        end(&roles, &pool).await;
        assert_eq!(committed(&roles).await, 3, "{left:?}");
        assert_eq!(version(app.store(), &stream).await, Version::new(3));
    }
}

#[tokio::test]
async fn a_store_works_on_whatever_was_left_on_the_pool() {
    for left in EVERY {
        let roles = Roles::new().await;
        roles
            .run(&format!("SELECT intent.grant_reader('{}')", roles.app))
            .await;
        let elsewhere = roles.open(&roles.app).await.unwrap();
        let pool = pool(&roles, &roles.app).await;
        let store = PgStore::new(pool.clone()).await.unwrap();
        let stream = stream();
        store.append(append(&stream, 1)).await.unwrap();
        left.leave(&pool).await;
        for round in 2..=3 {
            // In turns, so that an old snapshot would show.
            elsewhere.append(append(&stream, 1)).await.unwrap();
            assert_eq!(version(&store, &stream).await, Version::new(2 * round - 2));
            store.append(append(&stream, 1)).await.unwrap();
            let last = Version::new(2 * round - 1);
            assert_eq!(version(&elsewhere, &stream).await, last, "{left:?}");
            assert_eq!(log(&store).await, last.get(), "{left:?}");
            snapshots(&store, &stream, last).await;
            store.log_health().await.unwrap();
        }
        let once = append(&stream, 1);
        store.append(once.clone()).await.unwrap();
        let again = store.append(once).await.unwrap();
        assert!(matches!(again, Appended::Before(_)), "{left:?}: {again:?}");
    }
}

/// How many events the log has.
async fn log(store: &PgStore) -> u64 {
    let mut events = 0;
    let mut sink = |_| {
        events += 1;
        ControlFlow::Continue(())
    };
    let filter = LogSelection::all();
    let read = ReadLog::new(Cursor::START, None, &filter, 100);
    let page = store.read_log(read, &mut sink).await.unwrap();
    assert_eq!(page.next, NextPage::End);
    events
}

async fn snapshots(store: &PgStore, stream: &StreamId, version: Version) {
    let state = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
    let snapshot = NewSnapshot::new(version, 1, state);
    store.save_snapshot(stream, snapshot).await.unwrap();
    let deleted = store.delete_snapshots(stream.tenant_id, None).await;
    assert_eq!(deleted.unwrap(), 1);
}

#[tokio::test]
async fn readers_pass_gaps_whatever_was_left_on_the_pool() {
    for left in EVERY {
        let roles = Roles::new().await;
        let pool = pool(&roles, &roles.app).await;
        let store = PgStore::new(pool.clone()).await.unwrap();
        left.leave(&pool).await;
        let writer = roles.open(&roles.app).await.unwrap();
        let mut log = Subscription::new(
            Arc::new(store.clone()),
            Some(TenantId::DEFAULT),
            LogFilter::all(),
        );
        let mut early = writer.pool().begin().await.unwrap();
        let first = append(&stream(), 1);
        writer.append_in(&mut early, first.clone()).await.unwrap();
        let second = append(&stream(), 1);
        writer.append(second.clone()).await.unwrap();
        let (told, committed) = tokio::join!(timeout(SOON, log.next()), early.commit());
        committed.unwrap();
        let told = told.unwrap().unwrap();
        assert_eq!(told.aggregate_id, first.stream.aggregate_id, "{left:?}");
        let told = timeout(SOON, log.next()).await.unwrap().unwrap();
        assert_eq!(told.aggregate_id, second.stream.aggregate_id, "{left:?}");
    }
}

#[tokio::test]
async fn a_store_starts_whatever_was_left_on_the_pool() {
    for left in EVERY {
        let roles = Roles::empty().await;
        let pool = pool(&roles, &roles.owner).await;
        left.leave(&pool).await;
        for _ in 0..2 {
            let store = PgStore::new(pool.clone()).await.unwrap();
            store.append(append(&stream(), 1)).await.unwrap();
            store.close().await.unwrap();
        }
        assert_eq!(committed(&roles).await, 2, "{left:?}");
        assert!(!pool.is_closed(), "it is the user's");
    }
}

/// The events that SQL without a tenant sees.
async fn unasked(pool: &PgPool) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM intent.events");
    count.fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn sql_without_a_tenant_sees_nothing_whatever_the_store_did_meanwhile() {
    for left in [Left::Begun, Left::Frozen] {
        let roles = Roles::new().await;
        roles
            .run(&format!("SELECT intent.grant_reader('{}')", roles.app))
            .await;
        let pool = pool(&roles, &roles.app).await;
        let store = PgStore::new(pool.clone()).await.unwrap();
        left.leave(&pool).await;
        let stream = stream();
        store.append(append(&stream, 2)).await.unwrap();
        version(&store, &stream).await;
        log(&store).await;
        let mut sink = |_| ControlFlow::Continue(());
        let mut read = ReadStream::all(&stream);
        read.to = Version::new(9);
        store.read_events(read, &mut sink).await.unwrap();
        assert_eq!(unasked(&pool).await, 0, "{left:?}");
    }
}

#[tokio::test]
async fn a_connection_is_as_the_hooks_of_the_pool_make_it() {
    let roles = Roles::new().await;
    let (member, role) = (format!("in_{}", roles.app), roles.app.clone());
    roles
        .run(&format!(
            "CREATE ROLE {member} LOGIN NOINHERIT IN ROLE {role}"
        ))
        .await;
    let pool = PgPoolOptions::new().after_connect(move |connection, _| {
        // The store sets again what it needs.
        let set = format!(
            "SET ROLE {role}; SET default_transaction_isolation = 'serializable'; SET row_security = off"
        );
        Box::pin(async move { connection.execute(AssertSqlSafe(set)).await.map(drop) })
    });
    let url = roles.database().url_as(&member);
    let pool = pool.connect(&url).await.unwrap();
    let store = PgStore::strict(pool).await.unwrap();
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    assert_eq!(version(&store, &stream).await, Version::FIRST);
    let mut transaction = store.pool().begin().await.unwrap();
    store
        .append_in(&mut transaction, append(&stream, 1))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(version(&store, &stream).await, Version::new(2));
    store.close().await.unwrap();
    store.pool().close().await;
    roles.run(&format!("DROP ROLE {member}")).await;
}

#[tokio::test]
async fn a_hook_that_leaves_a_transaction_open_is_an_error() {
    let roles = Roles::new().await;
    let pool = PgPoolOptions::new().after_connect(|connection, _| {
        Box::pin(async move { connection.execute("BEGIN").await.map(drop) })
    });
    let pool = pool.connect_lazy(&roles.database().url_as(&roles.app));
    let error = PgStore::new(pool.unwrap()).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("`after_connect`"), "{error:?}");
}

#[tokio::test]
async fn a_transaction_of_the_users_own_keeps_its_settings() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let (ours, theirs) = (stream(), TenantId::from_uuid(uuid::Uuid::now_v7()));
    let mut beside = append(&stream(), 3);
    beside.stream = StreamId {
        tenant_id: theirs,
        ..stream()
    };
    store.append(beside).await.unwrap();
    let mut transaction = store.pool().begin().await.unwrap();
    let named = format!(
        "SET LOCAL intent.tenant = '{theirs}'; SET LOCAL row_security = on; SET LOCAL intent.all_tenants = 'x'"
    );
    transaction.execute(AssertSqlSafe(named)).await.unwrap();
    for refused in [false, true] {
        let mut new = append(&ours, 1);
        if refused {
            new.expect = intent_runtime::store::Expect::Version(Version::new(9));
        }
        let appended = store.append_in(&mut transaction, new).await;
        assert_eq!(appended.is_err(), refused);
        let settings = "SELECT concat_ws(' ', current_setting('intent.tenant'), current_setting('intent.all_tenants'),
             current_setting('row_security'), current_setting('intent.row_tenant', true),
             current_setting('intent.append_tenant', true)), (SELECT count(*) FROM intent.events)";
        let (settings, seen): (String, i64) = sqlx::query_as(settings)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(settings.trim_end(), format!("{theirs} x on"));
        assert_eq!(seen, 3);
    }
    transaction.commit().await.unwrap();
    assert_eq!(version(&store, &ours).await, Version::FIRST);
}

/// A transaction that is open on one of the store's own connections, however it was begun: a call in it fails only once.
#[tokio::test]
async fn a_store_recovers_from_a_transaction_on_a_connection_of_its_own() {
    let roles = Roles::new().await;
    let breaks = Arc::new(AtomicBool::new(false));
    let broken = Arc::clone(&breaks);
    let proxy = Proxy::rewriting(roles.server(), move |text| {
        let session = text.contains("'default_transaction_isolation'");
        if !broken.load(Ordering::SeqCst) {
            return text.to_owned();
        }
        match session {
            // A proxy leaves a transaction open on each connection.
            true => format!("{text}; BEGIN"),
            false => text.replace("FROM intent.events", "FROM intent.nothing"),
        }
    })
    .await;
    let store = roles.open_through(proxy.server(), &roles.app).await;
    let (store, stream) = (store.unwrap(), stream());
    breaks.store(true, Ordering::SeqCst);
    store.append(append(&stream, 1)).await.unwrap_err();
    let now = AsOfTime::Recorded(Timestamp::MAX);
    store.version_as_of(&stream, now).await.unwrap_err();
    breaks.store(false, Ordering::SeqCst);
    for round in 1..=2 {
        store.append(append(&stream, 1)).await.unwrap();
        assert_eq!(version(&store, &stream).await, Version::new(round));
    }
    assert_eq!(committed(&roles).await, 2);
}

#[tokio::test]
async fn an_address_in_brackets_is_connected_to() {
    let database = TempDatabase::new().await;
    let listener = TcpListener::bind("[::1]:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let host = database.server().host().to_owned();
    let carrying = tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(&host).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let url = database.url();
    let user = url.split_once("://").unwrap().1.split_once('@').unwrap().0;
    let name = database.name();
    for (place, options) in [
        (format!("[::1]:{port}"), String::new()),
        (format!("[0:0:0:0:0:0:0:1]:{port}"), String::new()),
        ("[::1]".to_owned(), format!("?port={port}")),
        (format!("localhost:{port}"), "?host=%3A%3A1".to_owned()),
        (format!("%6Cocalhost:{port}"), "?hostaddr=::1".to_owned()),
    ] {
        let url = format!("postgres://{user}@{place}/{name}{options}");
        let store = PgStore::connect(&url).await;
        let store = store.unwrap_or_else(|error| panic!("{url}: {error:?}"));
        store.append(append(&stream(), 1)).await.unwrap();
        let shown = format!("{store:?}");
        assert!(shown.contains(&format!(":1]:{port}/{name}")), "{shown}");
        store.close().await.unwrap();
    }
    carrying.abort();
}
