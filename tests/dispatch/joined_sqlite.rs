//! Commands within a transaction of the user's own, on SQLite.

use std::{path::Path, time::Duration};

use intent_runtime::{App, SqliteStore, prelude::*, store::Log};
use sqlx::{Connection, SqliteConnection, SqlitePool, SqliteTransaction, query, query_scalar};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    domain::*,
    fixture::{Interposed, opened, polled, registered},
};

/// An app, a table `receipts` beside its events, and a pool on the file.
struct Shop {
    app: App,
    store: SqliteStore,
    pool: SqlitePool,
    folder: TempDir,
}

impl Shop {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = url(&folder.path().join("shop.db"));
        let store = SqliteStore::connect(&url).await.unwrap();
        let pool = store.pool().clone();
        let table = query("CREATE TABLE receipts (account BLOB)");
        table.execute(&pool).await.unwrap();
        Self {
            app: registered(store.clone()).await,
            store,
            pool,
            folder,
        }
    }

    async fn begin(&self) -> SqliteTransaction<'static> {
        self.pool.begin().await.unwrap()
    }

    async fn receipts(&self) -> i64 {
        let count = query_scalar("SELECT count(*) FROM receipts");
        count.fetch_one(&self.pool).await.unwrap()
    }

    async fn balance(&self, id: Id<Account>) -> i64 {
        self.app.load(id).await.unwrap().balance
    }
}

fn url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

async fn receipt(connection: &mut SqliteConnection, id: Id<Account>) {
    let row = query("INSERT INTO receipts VALUES (?)").bind(id.as_uuid().as_bytes().to_vec());
    row.execute(connection).await.unwrap();
}

fn plain() -> SendOptions {
    SendOptions::new()
}

/// What a store says to a transaction that it takes no part in.
fn refusal<T: std::fmt::Debug, E: std::error::Error + 'static>(
    told: Result<T, SendError<E>>,
) -> StoreError {
    match told {
        Err(SendError::Store(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_is_there_with_the_rows_beside_it() {
    let shop = Shop::new().await;
    let around = registered(Interposed::around(shop.store.clone())).await;
    for app in [&shop.app, &around] {
        let receipts = shop.receipts().await;
        let id = Id::<Account>::new();
        let owner = String::from("Ada");
        let mut transaction = shop.begin().await;
        receipt(&mut transaction, id).await;
        let open = Open { id, owner };
        let first = app.send_in(&mut transaction, open, plain()).await.unwrap();
        let deposit = Deposit { id, amount: 5 };
        let second = app.send_in(&mut transaction, deposit, plain()).await;
        let second = second.unwrap();
        assert!(app.load(id).await.is_err(), "nothing is there as yet");
        assert_eq!(shop.receipts().await, receipts);
        transaction.commit().await.unwrap();
        shop.store.wake_readers();

        assert_eq!((first.version.get(), second.version.get()), (1, 2));
        assert_eq!(
            (shop.receipts().await, shop.balance(id).await),
            (receipts + 1, 5)
        );
        let history = app.history(id).await.unwrap();
        let event = history.last().unwrap();
        let place = second.cursor.unwrap().place();
        assert_eq!(Some(event.position()), place.map(|(_, position)| position));
        assert_eq!(second.recorded_at, Some(event.recorded_at()));
        app.send(Withdraw { id, amount: 5 }).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_rolled_back_never_was() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    shop.app.send(Deposit { id, amount: 5 }).await.unwrap();
    let command_id = CommandId::new();
    let options = || plain().command_id(command_id);
    let withdraw = Withdraw { id, amount: 5 };
    for dropped in [true, false] {
        let mut transaction = shop.begin().await;
        receipt(&mut transaction, id).await;
        let sent = shop
            .app
            .send_in(&mut transaction, withdraw.clone(), options());
        assert_eq!(sent.await.unwrap().version, Version::new(3));
        match dropped {
            true => drop(transaction),
            false => transaction.rollback().await.unwrap(),
        }
        assert_eq!((shop.receipts().await, shop.balance(id).await), (0, 5));
    }
    let again = shop.app.send_with(withdraw, options()).await.unwrap();
    assert_eq!((again.version, again.repeated), (Version::new(3), false));
}

#[tokio::test]
async fn a_refusal_leaves_the_transaction_as_it_was() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let mut transaction = shop.begin().await;
    receipt(&mut transaction, id).await;
    let deposit = Deposit { id, amount: 5 };
    shop.app
        .send_in(&mut transaction, deposit, plain())
        .await
        .unwrap();
    let withdraw = Withdraw { id, amount: 6 };
    let told = shop.app.send_in(&mut transaction, withdraw, plain()).await;
    let overdrawn = matches!(told, Err(SendError::Rejected(Overdrawn { balance: 5, .. })));
    assert!(overdrawn, "{told:?}");
    let seen = plain().expect_version(Version::FIRST);
    let deposit = Deposit { id, amount: 1 };
    let told = shop.app.send_in(&mut transaction, deposit, seen).await;
    assert!(matches!(told, Err(SendError::Conflict { .. })), "{told:?}");
    receipt(&mut transaction, id).await;
    transaction.commit().await.unwrap();
    assert_eq!((shop.receipts().await, shop.balance(id).await), (2, 5));
}

#[tokio::test]
async fn a_part_of_the_users_own_may_be_rolled_back() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let mut transaction = shop.begin().await;
    let deposit = || Deposit { id, amount: 5 };
    shop.app
        .send_in(&mut transaction, deposit(), plain())
        .await
        .unwrap();
    let mut part = transaction.begin().await.unwrap();
    shop.app
        .send_in(&mut part, deposit(), plain())
        .await
        .unwrap();
    receipt(&mut part, id).await;
    part.rollback().await.unwrap();
    let sent = shop.app.send_in(&mut transaction, deposit(), plain()).await;
    assert_eq!(sent.unwrap().version, Version::new(3));
    transaction.commit().await.unwrap();
    assert_eq!((shop.receipts().await, shop.balance(id).await), (0, 10));
}

#[tokio::test]
async fn the_writer_of_the_store_waits_for_the_transaction() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let mut transaction = shop.begin().await;
    let deposit = move || Deposit { id, amount: 5 };
    shop.app
        .send_in(&mut transaction, deposit(), plain())
        .await
        .unwrap();
    let app = shop.app.clone();
    let beside = tokio::spawn(async move { app.send(deposit()).await });
    receipt(&mut transaction, id).await;
    transaction.commit().await.unwrap();
    assert_eq!(beside.await.unwrap().unwrap().version, Version::new(3));
    assert_eq!(shop.balance(id).await, 10);
}

#[tokio::test]
async fn a_transaction_that_has_read_before_it_was_overtaken_is_to_be_begun_anew() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let deposit = || Deposit { id, amount: 5 };
    let mut transaction = shop.begin().await;
    let read = query_scalar("SELECT count(*) FROM receipts");
    let _: i64 = read.fetch_one(&mut *transaction).await.unwrap();
    shop.app.send(deposit()).await.unwrap();
    let told = shop.app.send_in(&mut transaction, deposit(), plain()).await;
    let busy = refusal(told);
    assert!(matches!(busy, StoreError::Busy { .. }), "{busy:?}");
    let text = format!("{busy:?}");
    let advice = "the transaction has read what another one has changed since: end it, and begin a new one with `BEGIN IMMEDIATE`";
    assert!(text.contains(advice), "{text}");
    assert!(!text.contains("send again"), "{text}");
    transaction.rollback().await.unwrap();

    // One that has read nothing yet sees what is there when the first command is sent.
    let mut transaction = shop.begin().await;
    shop.app.send(deposit()).await.unwrap();
    let sent = shop.app.send_in(&mut transaction, deposit(), plain()).await;
    assert_eq!(sent.unwrap().version, Version::new(4));
    transaction.commit().await.unwrap();
    assert_eq!(shop.balance(id).await, 15);
}

#[tokio::test]
async fn a_transaction_elsewhere_is_refused() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let deposit = || Deposit { id, amount: 5 };
    // A copy of the file has all that the file has, its id too.
    let (copy, empty) = (
        shop.folder.path().join("copy.db"),
        shop.folder.path().join("empty.db"),
    );
    let into = query("VACUUM INTO ?").bind(copy.display().to_string());
    into.execute(&shop.pool).await.unwrap();
    for file in [&copy, &empty] {
        let url = format!("{}?mode=rwc", url(file));
        let pool = SqlitePool::connect(&url).await.unwrap();
        let mut transaction = pool.begin().await.unwrap();
        let told = shop.app.send_in(&mut transaction, deposit(), plain()).await;
        let other = refusal(told);
        assert!(
            matches!(other, StoreError::OtherDatabase { .. }),
            "{other:?}"
        );
        assert!(
            other
                .to_string()
                .ends_with("shop.db`: begin it on the pool of the app's store (`store.pool()`)"),
            "{other}"
        );
        transaction.commit().await.unwrap();
    }
    // The same file by another name is the same.
    let link = shop.folder.path().join("link.db");
    std::os::unix::fs::symlink(shop.folder.path().join("shop.db"), &link).unwrap();
    let pool = SqlitePool::connect(&url(&link)).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    shop.app
        .send_in(&mut transaction, deposit(), plain())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shop.balance(id).await, 5);
}

#[tokio::test]
async fn what_hides_our_tables_is_refused() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    for hiding in [
        "CREATE TEMP TABLE Intent_Events (n int)",
        "CREATE TEMP TRIGGER silent BEFORE INSERT ON main.intent_events BEGIN SELECT RAISE(IGNORE); END",
    ] {
        let mut transaction = shop.begin().await;
        query(hiding).execute(&mut *transaction).await.unwrap();
        let deposit = Deposit { id, amount: 5 };
        let told = shop.app.send_in(&mut transaction, deposit, plain()).await;
        let foreign = refusal(told);
        assert!(
            matches!(foreign, StoreError::ForeignTable { .. }),
            "{foreign:?}"
        );
        transaction.rollback().await.unwrap();
    }
    assert_eq!(shop.balance(id).await, 0);
}

#[tokio::test]
async fn a_connection_without_a_transaction_is_refused() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let deposit = || Deposit { id, amount: 5 };
    let mut connection = shop.pool.acquire().await.unwrap();
    for begin in ["SELECT 1", "BEGIN"] {
        query(begin).execute(&mut *connection).await.unwrap();
        let told = shop.app.send_in(&mut *connection, deposit(), plain()).await;
        let none = refusal(told);
        assert!(matches!(none, StoreError::NotInTransaction), "{none:?}");
    }
    query("COMMIT").execute(&mut *connection).await.unwrap();
    // SQLite may end one by itself, and what is done then commits by itself.
    let mut transaction = shop.begin().await;
    query("ROLLBACK").execute(&mut *transaction).await.unwrap();
    let told = shop.app.send_in(&mut transaction, deposit(), plain()).await;
    let none = refusal(told);
    assert!(matches!(none, StoreError::NotInTransaction), "{none:?}");
    drop(transaction);
    assert_eq!(shop.balance(id).await, 0);
}

#[tokio::test]
async fn a_cancelled_command_is_there_as_a_whole_or_not_at_all() {
    let shop = Shop::new().await;
    // SQLite works in a thread of its own. Where that is quick, its answers are there before they are asked for, and a command is
    // done within a few polls.
    let cancelled_in_the_middle = async { while cancelled_at_each_poll(&shop).await <= 3 {} };
    let cancelled = timeout(Duration::from_secs(60), cancelled_in_the_middle).await;
    cancelled.expect("it is cancelled in the middle too");
}

/// Sends commands that are cancelled after one poll more each time, until one is done. Says how many were cancelled.
async fn cancelled_at_each_poll(shop: &Shop) -> usize {
    let mut cuts = 0;
    loop {
        let id = opened(&shop.app).await;
        let receipts = shop.receipts().await;
        let mut transaction = shop.begin().await;
        receipt(&mut transaction, id).await;
        let amounts = vec![1; 3];
        let sending = shop
            .app
            .send_in(&mut transaction, DepositMany { id, amounts }, plain());
        let done = polled(sending, cuts).await.is_some();
        receipt(&mut transaction, id).await;
        let version = shop.app.load(id).await.unwrap().version();
        assert_eq!(version, Version::FIRST, "{cuts}: nothing commits itself");
        assert_eq!(shop.receipts().await, receipts, "{cuts}");
        transaction.commit().await.unwrap();
        let loaded = shop.app.load(id).await.unwrap();
        assert!([0, 3].contains(&loaded.balance), "{cuts}: {loaded:?}");
        assert_eq!(shop.receipts().await, receipts + 2, "{cuts}");
        if done {
            assert_eq!(loaded.balance, 3);
            return cuts;
        }
        cuts += 1;
    }
}

#[tokio::test]
async fn a_transaction_of_the_store_that_stays_open_fails_what_waits_for_too_long() {
    let folder = tempfile::tempdir().unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(folder.path().join("shop.db"))
        .create_if_missing(true)
        .busy_timeout(Duration::from_millis(50));
    let store = SqliteStore::open(options).await.unwrap();
    let app = registered(store.clone()).await;
    let id = opened(&app).await;
    let mut open = app.transaction().await.unwrap();
    open.send(Deposit { id, amount: 5 }).await.unwrap();
    let busy = refusal(app.send(Deposit { id, amount: 1 }).await);
    assert!(matches!(busy, StoreError::Busy { .. }), "{busy:?}");
    let busy = app.transaction().await.unwrap_err();
    assert!(matches!(busy, StoreError::Busy { .. }), "{busy:?}");
    open.commit().await.unwrap();
    app.send(Deposit { id, amount: 1 }).await.unwrap();
    assert_eq!(app.load(id).await.unwrap().balance, 6);
    assert_eq!(store.log_health().await.unwrap().end.get(), 3);
}
