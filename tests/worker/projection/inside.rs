//! With a transaction: a table of one's own, which goes with the checkpoint.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use intent_runtime::{Hears, Projection, ProjectionError, StoreError, prelude::*};
use intent_tests::postgres::TempDatabase;
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::{
    super::domain::*,
    ledger::{Ask, Heard, PgLedger, SqliteLedger, fine},
};

/// An error, a panic and another error after something was written.
fn fails_thrice() -> Ask {
    let asked = AtomicUsize::new(0);
    Arc::new(move |event| match event.amount() {
        3 => match asked.fetch_add(1, Ordering::SeqCst) {
            0 | 2 => Err(ProjectionError::new("not now")),
            1 => panic!("oh"),
            _ => Ok(()),
        },
        _ => Ok(()),
    })
}

/// Pays while a projection works.
async fn pays(app: &App) {
    let id = opened(app, "north").await;
    for amount in 1..=4 {
        pay(app, id, amount).await;
    }
    let workers = app.start().await.unwrap();
    app.settled(LONG).await.unwrap();
    pay(app, id, 5).await;
    app.settled(LONG).await.unwrap();
    workers.stop(LONG).await.unwrap();
}

async fn sqlite() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    (folder, url)
}

#[tokio::test]
async fn on_sqlite_what_fails_leaves_nothing_and_each_event_counts_once() {
    let (_folder, url) = sqlite().await;
    let app = App::connect(&url, Domain::of::<Account>()).projection(SqliteLedger(fails_thrice()));
    pays(&app.await.unwrap()).await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    assert_eq!(
        SqliteLedger::amounts(&mut connection).await,
        [0, 1, 2, 3, 4, 5]
    );
}

#[tokio::test]
async fn on_postgres_what_fails_leaves_nothing_and_each_event_counts_once() {
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), Domain::of::<Account>());
    pays(&app.projection(PgLedger(fails_thrice())).await.unwrap()).await;
    let mut connection = database.connect().await.unwrap();
    assert_eq!(PgLedger::amounts(&mut connection).await, [0, 1, 2, 3, 4, 5]);
}

/// Tells what its table has after each page.
struct Telling(Arc<std::sync::Mutex<Vec<i64>>>);

impl Projection for Telling {
    const NAME: &'static str = "telling";
    type Event = Heard;
    type Transaction = SqliteConnection;

    fn hears(hears: &mut Hears<Heard>) {
        Heard::all(hears);
    }

    async fn apply(
        &self,
        events: &[Heard],
        transaction: &mut SqliteConnection,
    ) -> Result<(), ProjectionError> {
        SqliteLedger(fine()).apply(events, transaction).await?;
        *self.0.lock().unwrap() = SqliteLedger::amounts(transaction).await;
        Ok(())
    }
}

#[tokio::test]
async fn beside_the_store_in_memory_the_table_is_in_sqlite() {
    let told = Arc::default();
    let app =
        App::connect("memory:", Domain::of::<Account>()).projection(Telling(Arc::clone(&told)));
    pays(&app.await.unwrap()).await;
    assert_eq!(*told.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
}

/// A statement that fails, and is taken for done.
struct Careless;

impl Projection for Careless {
    const NAME: &'static str = "careless";
    type Event = Heard;
    type Transaction = PgConnection;

    fn hears(hears: &mut Hears<Heard>) {
        Heard::all(hears);
    }

    async fn apply(
        &self,
        events: &[Heard],
        transaction: &mut PgConnection,
    ) -> Result<(), ProjectionError> {
        PgLedger(fine()).apply(events, transaction).await?;
        let _ = sqlx::query("SELECT 1 / 0").execute(transaction).await;
        Ok(())
    }
}

#[tokio::test]
async fn a_statement_whose_error_was_passed_over_moves_nothing() {
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), Domain::of::<Account>()).projection(Careless);
    let app = app.await.unwrap();
    let workers = app.start().await.unwrap();
    opened(&app, "north").await;
    let reason = super::super::fixture::failing(&workers).await;
    assert!(reason.contains("aborted"), "{reason}");
    let models = app.models().await.unwrap();
    assert_eq!(models[0].builds[0].cursor, Cursor::START);
    workers.stop(LONG).await.unwrap();
}

/// A transaction of its own within the one that it is given.
struct Nested;

impl Projection for Nested {
    const NAME: &'static str = "nested";
    type Event = Heard;
    type Transaction = PgConnection;

    fn hears(hears: &mut Hears<Heard>) {
        Heard::all(hears);
    }

    async fn apply(
        &self,
        events: &[Heard],
        transaction: &mut PgConnection,
    ) -> Result<(), ProjectionError> {
        PgLedger(fine()).apply(events, transaction).await?;
        let mut part = transaction.begin().await?;
        sqlx::query("DELETE FROM ledger")
            .execute(&mut *part)
            .await?;
        part.rollback().await?;
        let mut part = transaction.begin().await?;
        sqlx::query("UPDATE ledger SET amount = amount + 1")
            .execute(&mut *part)
            .await?;
        part.commit().await?;
        match events.iter().any(|event| event.amount() == 2) {
            true => Err(ProjectionError::of_event(events[0].id(), "never")),
            false => Ok(()),
        }
    }
}

#[tokio::test]
async fn a_transaction_within_the_one_that_is_lent_is_a_part_of_it() {
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), Domain::of::<Account>()).projection(Nested);
    let app = app.await.unwrap();
    let workers = app.start().await.unwrap();
    let id = opened(&app, "north").await;
    app.settled(LONG).await.unwrap();
    let receipt = pay(&app, id, 2).await;
    let held = app.wait_for_projection::<Nested>(&receipt, LONG).await;
    assert!(matches!(held, Err(WaitError::HeldBack { .. })), "{held:?}");
    workers.stop(LONG).await.unwrap();
    let mut connection = database.connect().await.unwrap();
    // What was committed within it was rolled back with it.
    assert_eq!(PgLedger::amounts(&mut connection).await, [1]);
}

#[tokio::test]
async fn a_projection_for_another_kind_of_database_is_refused_at_the_start() {
    let (_folder, url) = sqlite().await;
    for url in ["memory:", &url] {
        let app = App::connect(url, Domain::of::<Account>()).projection(PgLedger(fine()));
        let refused = app.await.unwrap().start().await.unwrap_err();
        assert!(matches!(refused, StoreError::NoTransactions), "{refused:?}");
    }
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), Domain::of::<Account>());
    let app = app.projection(SqliteLedger(fine())).await.unwrap();
    let refused = app.start().await.unwrap_err();
    assert!(matches!(refused, StoreError::NoTransactions), "{refused:?}");
}
