//! The views that users read by SQL of their own stay right, whatever is built.

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::domain::*;
use crate::store::postgres::roles::Roles;

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "balance", version = 2, created_by(Opened), events(Paid))]
struct Next {
    #[key]
    account: Id<Account>,
    /// Another type than in version 1, and in another place.
    #[on(Paid += |e| e.amount as f64)]
    cents: f64,
}

fn next() -> Domain {
    Domain::of::<Account>().read_model::<Next>()
}

async fn build(app: &App) {
    let workers = app.start().await.unwrap();
    app.settled(LONG).await.unwrap();
    workers.stop(LONG).await.unwrap();
}

/// Builds two versions, rebuilds both, and looks at what each view has; `cents` gives the sum of a view.
async fn views_show_their_versions(app: App, mut cents: impl AsyncFnMut(&str) -> Option<f64>) {
    let id = opened(&app, "north").await;
    pay(&app, id, 5).await;
    build(&app).await;
    assert_eq!(cents("balance__1").await, Some(5.0));
    assert_eq!(cents("balance").await, Some(5.0));

    let later = App::on(&app, next()).await.unwrap();
    pay(&app, id, 2).await;
    build(&later).await;
    // The newer version is everybody's. The older one is as its workers left it.
    assert_eq!(cents("balance__2").await, Some(7.0));
    assert_eq!(cents("balance").await, Some(7.0));
    assert_eq!(cents("balance__1").await, Some(5.0));
    assert_eq!(cents("balance__1_1").await, Some(5.0));

    pay(&app, id, 1).await;
    app.rebuild::<Balance>().await.unwrap();
    build(&app).await;
    assert_eq!(cents("balance__1").await, Some(8.0));
    assert_eq!(
        cents("balance").await,
        Some(7.0),
        "an older version does not take it back"
    );
    later.rebuild::<Next>().await.unwrap();
    build(&later).await;
    assert_eq!(cents("balance").await, Some(8.0));
    // The tables of the earlier builds are gone.
    assert_eq!(cents("balance__1_1").await, None);
    assert_eq!(cents("balance__2_1").await, None);
    assert_eq!(cents("balance__1_2").await, Some(8.0));
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    let app = App::connect(&url, domain()).await.unwrap();
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    views_show_their_versions(app, async |view| {
        let sum = format!("SELECT CAST(sum(cents) AS REAL) FROM intent_read_{view}");
        let sum = sqlx::query_scalar(AssertSqlSafe(sum));
        sum.fetch_one(&mut connection).await.ok()
    })
    .await;
}

#[tokio::test]
async fn on_postgres() {
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), domain()).await.unwrap();
    let mut connection: PgConnection = database.connect().await.unwrap();
    views_show_their_versions(app, async |view| {
        let sum = format!("SELECT sum(cents)::float8 FROM intent_read.{view}");
        let sum = sqlx::query_scalar(AssertSqlSafe(sum));
        sum.fetch_one(&mut connection).await.ok()
    })
    .await;
}

/// What is granted on a view is granted on what it shows, in every later build and version.
#[tokio::test]
async fn grants_follow_the_views() {
    let roles = Roles::new().await;
    let worker = format!("SELECT intent.grant_worker('{}')", roles.reader);
    roles.run(&worker).await;
    let app = App::on(roles.open(&roles.reader).await.unwrap(), domain());
    let app = app.await.unwrap();
    let id = opened(&app, "north").await;
    pay(&app, id, 5).await;
    build(&app).await;
    roles
        .run(&format!(
            "GRANT USAGE ON SCHEMA intent_read TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA intent_read TO {0}",
            roles.app
        ))
        .await;
    let mut user = roles.connection(&roles.app).await;
    let settings = format!(
        "SET intent.tenant = '{}'; SET intent.application = 'on'",
        TenantId::DEFAULT
    );
    let settings = sqlx::raw_sql(AssertSqlSafe(settings));
    settings.execute(&mut user).await.unwrap();
    let mut sum = async |view: &str| {
        let sum = format!("SELECT sum(cents)::float8 FROM intent_read.{view}");
        let sum = sqlx::query_scalar::<_, f64>(AssertSqlSafe(sum));
        sum.fetch_one(&mut user).await.unwrap()
    };
    assert_eq!(sum("balance__1").await, 5.0);
    app.rebuild::<Balance>().await.unwrap();
    build(&app).await;
    assert_eq!(sum("balance__1").await, 5.0);
    let later = App::on(&app, next()).await.unwrap();
    build(&later).await;
    assert_eq!(sum("balance").await, 5.0);
    assert_eq!(sum("balance__2").await, 5.0);
}

/// What depends on a view that changes its columns keeps it, and is named.
#[tokio::test]
async fn a_view_that_something_depends_on_is_named() {
    let database = TempDatabase::new().await;
    let app = App::connect(&database.url(), domain()).await.unwrap();
    build(&app).await;
    let mut connection: PgConnection = database.connect().await.unwrap();
    let mine = "CREATE VIEW public.mine AS SELECT cents FROM intent_read.balance";
    sqlx::raw_sql(mine).execute(&mut connection).await.unwrap();
    // Rebuilds of the same version do not matter to it.
    app.rebuild::<Balance>().await.unwrap();
    build(&app).await;

    let later = App::on(&app, next()).await.unwrap();
    let workers = later.start().await.unwrap();
    let reason = super::fixture::failing(&workers).await;
    assert!(reason.contains("depend on it"), "{reason}");
    assert!(reason.contains("view mine depends on"), "{reason}");
    let mine = "DROP VIEW public.mine";
    sqlx::raw_sql(mine).execute(&mut connection).await.unwrap();
    later.settled(LONG).await.unwrap();
    workers.stop(LONG).await.unwrap();
}
