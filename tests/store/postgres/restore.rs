//! A database restored from a dump goes on where the dump was made. A process that knows later events gets an error or reads
//! anew.

use std::ops::ControlFlow;

use intent_runtime::{
    Cursor, PgStore, Position, RecordedEvent, StoreError, TenantId, Version,
    prelude::*,
    store::{
        Appended, Expect, Log, LogSelection, LookBack, NextPage, RawEvent, ReadLog, ReadStream,
        Snapshots, StateSink, StoredSnapshot, StreamId, Streams,
    },
};
use intent_tests::postgres::{Binaries, Cluster, Options, Server, TempDatabase};
use sqlx::Executor;
use uuid::Uuid;

use super::roles::Roles;
use crate::{
    dispatch::{
        domain::{Deposit, Open, Overdrawn, Withdraw},
        fixture::{opened, registered},
    },
    store::appending::{append, snapshot, stream},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_goes_on() {
    goes_on(Server::shared().await, &Binaries::any()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restored_on_a_newer_server_goes_on() {
    let binaries = Binaries::of(18);
    let cluster = Cluster::start(Options::fast().binaries(binaries.clone())).await;
    goes_on(cluster.server(), &binaries).await;
}

#[tokio::test]
async fn a_store_without_events_refuses_a_cursor() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let mut connection = database.connect().await.unwrap();
    let id = sqlx::query_scalar("SELECT id FROM intent.store");
    let id: Uuid = id.fetch_one(&mut connection).await.unwrap();
    let later = Cursor::after(id, Position::new(1));
    let all = LogSelection::all();
    let refused = read_log(&store, later, 1).await;
    assert!(
        matches!(refused, Err(StoreError::UnknownCursor { .. })),
        "{refused:?}"
    );
    let mut look = LookBack::new(&all, 1);
    look.from = Some(later);
    let refused = store.look_back(look).await;
    assert!(
        matches!(refused, Err(StoreError::UnknownCursor { .. })),
        "{refused:?}"
    );
}

/// Makes a dump of a database and restores it on a server.
async fn goes_on(server: &Server, binaries: &Binaries) {
    let old = Roles::new().await;
    let before = old.open(&old.app).await.unwrap();
    let stream = stream();
    let sent = append(&stream, 3);
    let last = position(before.append(sent.clone()).await.unwrap());
    let other = StreamId {
        tenant_id: TenantId::from_uuid(Uuid::now_v7()),
        ..stream.clone()
    };
    position(before.append(append(&other, 2)).await.unwrap());
    let kept = snapshot(Version::new(2));
    before.save_snapshot(&stream, kept.clone()).await.unwrap();
    let reader = old.open(&old.reader).await.unwrap();
    let (first, halfway) = read_log(&reader, Cursor::START, 2).await.unwrap();

    let dump = dump(&old).await;
    before.append(append(&stream, 4)).await.unwrap();
    let (_, after_the_dump) = read_log(&reader, halfway, 1_000).await.unwrap();

    let new = old.beside(server).await;
    binaries.restore(dump, &new.database().url()).await.unwrap();
    let store = PgStore::strict(new.pool(&new.app).await).await.unwrap();

    // It still has everything.
    assert_eq!(
        store.append(sent.clone()).await.unwrap(),
        Appended::Before(
            before
                .events_of_command(stream.tenant_id, sent.command_id)
                .await
                .unwrap()
        ),
        "the command is remembered"
    );
    let mut state = State::default();
    let mut read = ReadStream::all(&stream);
    read.snapshot = true;
    store.read_state(read, &mut state).await.unwrap();
    let snapshot = state.snapshot.expect("the snapshot is there");
    assert_eq!((snapshot.version, &*snapshot.state), (kept.version, "{}"));
    assert_eq!(state.events, [Version::new(3)]);

    // It goes on from there.
    let mut next = append(&stream, 1);
    next.expect = Expect::Version(Version::new(3));
    let next = store.append(next).await.unwrap();
    assert!(position(next) > last, "positions grow");

    // A reader goes on too. A reader that has seen later events gets an error.
    let reader = new.open(&new.reader).await.unwrap();
    let (rest, _) = read_log(&reader, halfway, 1_000).await.unwrap();
    let all: Vec<(TenantId, u64)> = first.iter().chain(&rest).map(place).collect();
    let (one, two) = (stream.tenant_id, other.tenant_id);
    assert_eq!(
        all,
        [(one, 1), (one, 2), (one, 3), (two, 1), (two, 2), (one, 4)]
    );
    let error = read_log(&reader, after_the_dump, 1_000).await.unwrap_err();
    assert!(
        matches!(error, StoreError::UnknownCursor { .. }),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .ends_with("read from an earlier cursor or the start"),
        "{error}"
    );

    // Rights and policies are as they were.
    let mut app = new.connection(&new.app).await;
    let events = sqlx::query_scalar("SELECT count(*) FROM intent.events");
    let unasked: i64 = events.fetch_one(&mut app).await.unwrap();
    assert_eq!(unasked, 0, "row-level security hides every row");
    let forbidden = app.execute("DELETE FROM intent.events").await.unwrap_err();
    let code = forbidden.as_database_error().unwrap().code();
    assert_eq!(code.as_deref(), Some("42501"));
    let error = read_log(&store, Cursor::START, 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Forbidden { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restored_by_another_owner_goes_on() {
    let old = Roles::new().await;
    let before = old.open(&old.app).await.unwrap();
    let stream = stream();
    before.append(append(&stream, 3)).await.unwrap();
    let dump = dump(&old).await;
    let new = old.beside(old.server()).await;
    let (name, heir) = (
        new.database().name(),
        format!("heir_{}", new.database().name()),
    );
    let make = format!("CREATE ROLE {heir} LOGIN; ALTER DATABASE {name} OWNER TO {heir}");
    new.run(&make).await;
    let url = new.database().url_as(&heir);
    Binaries::any().restore_as_own(dump, &url).await.unwrap();

    // The old owner has no rights there any more.
    let error = new.open(&new.owner).await.unwrap_err();
    assert!(matches!(error, StoreError::Incomplete { .. }), "{error:?}");
    // The new one reads the log of all tenants, and gives rights.
    let owner = new.open(&heir).await.unwrap();
    let mut server = new.connection(&heir).await;
    let grant = format!(
        "SELECT intent.grant_app('{0}'), intent.grant_reader('{0}')",
        new.app
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(grant))
        .execute(&mut server)
        .await
        .unwrap();
    let app = PgStore::strict(new.pool(&new.app).await).await.unwrap();
    let mut next = append(&stream, 1);
    next.expect = Expect::Version(Version::new(3));
    position(app.append(next).await.unwrap());
    let reader = new.open(&new.reader).await.unwrap();
    for store in [owner, app, reader] {
        let (events, _) = read_log(&store, Cursor::START, 1_000).await.unwrap();
        let versions: Vec<u64> = events.iter().map(|event| event.version.get()).collect();
        assert_eq!(versions, [1, 2, 3, 4]);
    }
}

/// A dump by a role that may read every row: row-level security binds the owner too, and half a dump would be worse than
/// none.
async fn dump(roles: &Roles) -> Vec<u8> {
    let (binaries, database) = (Binaries::any(), roles.database());
    let refused = binaries.dump(&database.url_as(&roles.owner)).await;
    let refused = refused.unwrap_err();
    assert!(refused.contains("row-level security"), "{refused}");
    let keeper = format!("keeper_{}", database.name());
    roles
        .run(&format!(
            "CREATE ROLE {keeper} LOGIN BYPASSRLS IN ROLE pg_read_all_data"
        ))
        .await;
    binaries.dump(&database.url_as(&keeper)).await.unwrap()
}

/// The aggregates that an application keeps in memory may be newer than the database that it finds again.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_decides_on_nothing_that_was_not_restored() {
    let database = TempDatabase::new().await;
    let (server, name) = (database.server(), database.name());
    let app = registered(PgStore::connect(&database.url()).await.unwrap()).await;
    let [emptied, filled, expected] = [opened(&app).await, opened(&app).await, opened(&app).await];
    for id in [emptied, filled, expected] {
        app.send(Deposit { id, amount: 5 }).await.unwrap();
    }
    let dump = Binaries::any().dump(&database.url()).await.unwrap();

    for (id, amount) in [(emptied, 5), (expected, 5)] {
        app.send(Withdraw { id, amount }).await.unwrap();
    }
    for amount in [100, 1_000] {
        app.send(Deposit { id: filled, amount }).await.unwrap();
    }
    let [unknown, refused, again] = [opened(&app).await, opened(&app).await, opened(&app).await];

    server.drop_database(name).await.unwrap();
    server.create_database(name).await;
    Binaries::any()
        .restore(dump, &database.url())
        .await
        .unwrap();

    // Kept at version 3 with nothing left, a refusal; restored at version 2 with 5.
    let withdrawn = app
        .send(Withdraw {
            id: emptied,
            amount: 4,
        })
        .await;
    assert_eq!(withdrawn.unwrap().version, Version::new(3));
    assert_eq!(app.load(emptied).await.unwrap().balance, 1);
    // Kept at version 4 with plenty, an event; restored at version 2 with 5.
    let error = app
        .send(Withdraw {
            id: filled,
            amount: 50,
        })
        .await;
    assert!(
        matches!(
            error,
            Err(SendError::Rejected(Overdrawn { balance: 5, .. }))
        ),
        "{error:?}"
    );
    // Kept at version 3, and said to be at 2.
    let options = SendOptions::new().expect_version(Version::new(2));
    let withdraw = Withdraw {
        id: expected,
        amount: 5,
    };
    app.send_with(withdraw, options).await.unwrap();
    // Streams that are no longer there: for an event, for a refusal, and to be begun again.
    let error = app
        .send(Deposit {
            id: unknown,
            amount: 1,
        })
        .await;
    assert!(
        matches!(error, Err(SendError::NotFound { .. })),
        "{error:?}"
    );
    let error = app
        .send(Withdraw {
            id: refused,
            amount: 1,
        })
        .await;
    assert!(
        matches!(error, Err(SendError::NotFound { .. })),
        "{error:?}"
    );
    let owner = String::from("Grace");
    app.send(Open { id: again, owner }).await.unwrap();
    assert_eq!(app.load(again).await.unwrap().owner, "Grace");
}

/// A server that lacked its last events went on without them: another application stored others at their versions.
#[tokio::test]
async fn an_application_decides_on_nothing_that_became_something_else() {
    let database = TempDatabase::new().await;
    let open = async || registered(PgStore::connect(&database.url()).await.unwrap()).await;
    let (app, before, other) = (open().await, open().await, open().await);
    let [accepted, expected, refused] =
        [opened(&app).await, opened(&app).await, opened(&app).await];
    for id in [accepted, expected] {
        app.send(Deposit { id, amount: 100 }).await.unwrap();
    }
    let deposit = Deposit {
        id: refused,
        amount: 5,
    };
    before.send(deposit).await.unwrap();
    let withdraw = |id, amount| Withdraw { id, amount };
    // Kept as it was loaded.
    app.send(withdraw(refused, 50)).await.unwrap_err();
    let mut server = database.connect().await.unwrap();
    let lose = server.execute("DELETE FROM intent.events WHERE version = 2");
    lose.await.unwrap();
    for (id, amount) in [(accepted, 1), (expected, 90), (refused, 90)] {
        other.send(Deposit { id, amount }).await.unwrap();
    }
    other
        .send(Deposit {
            id: refused,
            amount: 1,
        })
        .await
        .unwrap();

    // Kept with 100: it has 1.
    let error = app.send(withdraw(accepted, 90)).await;
    assert!(
        matches!(
            error,
            Err(SendError::Rejected(Overdrawn { balance: 1, .. }))
        ),
        "{error:?}"
    );
    // At the version that it is said to be at.
    let options = SendOptions::new().expect_version(Version::new(2));
    let withdrawn = app.send_with(withdraw(expected, 90), options).await;
    assert_eq!(withdrawn.unwrap().version, Version::new(3));
    // Kept with 5, and 1 more since: it has 91.
    let withdrawn = app.send(withdraw(refused, 91)).await;
    assert_eq!(withdrawn.unwrap().version, Version::new(4));
    for (id, balance) in [(accepted, 1), (expected, 0), (refused, 0)] {
        assert_eq!(other.load(id).await.unwrap().balance, balance);
    }
}

fn position(appended: Appended) -> Position {
    match appended {
        Appended::Stored { position, .. } => position,
        Appended::Before(_) => panic!("{appended:?} was to be stored now"),
    }
}

fn place(event: &RecordedEvent) -> (TenantId, u64) {
    (event.tenant_id, event.version.get())
}

/// The log of all tenants from a cursor on, so many events or as many as there are, and where that ended.
async fn read_log(
    store: &PgStore,
    after: Cursor,
    limit: usize,
) -> Result<(Vec<RecordedEvent>, Cursor), StoreError> {
    let mut events = Vec::new();
    let mut sink = |event| {
        events.push(event);
        ControlFlow::Continue(())
    };
    let filter = LogSelection::all();
    let mut cursor = after;
    loop {
        let read = ReadLog::new(cursor, None, &filter, limit);
        let page = store.read_log(read, &mut sink).await?;
        cursor = page.cursor;
        // A restored sequence may leave a gap. One more look shows that nothing is under way in it.
        if page.next != NextPage::HeldUp {
            return Ok((events, cursor));
        }
    }
}

#[derive(Default)]
struct State {
    snapshot: Option<StoredSnapshot>,
    events: Vec<Version>,
}

impl StateSink for State {
    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        self.snapshot = Some(snapshot);
        true
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        self.events.push(event.version);
        ControlFlow::Continue(())
    }
}
