//! A way to a server that the test cuts.

use intent_tests::postgres::{Proxy, TempDatabase};
use sqlx::{Connection, Executor, PgConnection, PgPool, Row, postgres::PgPoolOptions};

use super::{TABLE, lines};

async fn with_table() -> (TempDatabase, Proxy, PgConnection) {
    let database = TempDatabase::new().await;
    database
        .connect()
        .await
        .unwrap()
        .execute(TABLE)
        .await
        .unwrap();
    let proxy = Proxy::start(database.server()).await;
    let connection = PgConnection::connect(&proxy.url(database.name()))
        .await
        .unwrap();
    (database, proxy, connection)
}

#[tokio::test]
async fn a_cut_ends_every_connection_and_lets_new_ones_through() {
    let (database, proxy, mut one) = with_table().await;
    let mut two = PgConnection::connect(&proxy.url(database.name()))
        .await
        .unwrap();
    let payload = "x".repeat(3 << 20);
    let echoed: String = sqlx::query_scalar("SELECT $1")
        .bind(&payload)
        .fetch_one(&mut one)
        .await
        .unwrap();
    assert!(echoed == payload, "bytes come back as they went");
    proxy.cut().await;
    one.ping().await.unwrap_err();
    two.ping().await.unwrap_err();
    let mut three = PgConnection::connect(&proxy.url(database.name()))
        .await
        .unwrap();
    three.ping().await.unwrap();
    assert_eq!(
        (proxy.cuts(), proxy.accepted(), proxy.swallowed()),
        (2, 3, 0)
    );
}

#[tokio::test]
async fn a_rewritten_statement_is_what_the_server_runs() {
    let database = TempDatabase::new().await;
    let rewrite = |text: &str| text.replace("forty", "40");
    let proxy = Proxy::rewriting(database.server(), rewrite).await;
    let mut connection = PgConnection::connect(&proxy.url(database.name()))
        .await
        .unwrap();
    let sum = sqlx::query_scalar::<_, i32>("SELECT forty + $1").bind(2);
    assert_eq!(sum.fetch_one(&mut connection).await.unwrap(), 42);
    let text = sqlx::raw_sql("SELECT 'forty'::text");
    let row = text.fetch_one(&mut connection).await.unwrap();
    assert_eq!(row.get::<String, _>(0), "40");
}

#[tokio::test]
async fn a_swallowed_reply_hides_a_commit_that_happened() {
    let (database, proxy, mut connection) = with_table().await;
    proxy.swallow_next_reply();
    let insert =
        sqlx::query_scalar::<_, String>("INSERT INTO lines VALUES ('stored') RETURNING line");
    let error = insert.fetch_one(&mut connection).await.unwrap_err();
    assert!(matches!(error, sqlx::Error::Io(_)), "{error:?}");
    assert_eq!(proxy.swallowed(), 1);
    assert_eq!(lines(&database.url()).await, ["stored"]);
    let mut again = PgConnection::connect(&proxy.url(database.name()))
        .await
        .unwrap();
    again
        .execute("INSERT INTO lines VALUES ('told')")
        .await
        .unwrap();
}

#[tokio::test]
async fn only_the_reply_to_the_tag_is_swallowed() {
    let (database, proxy, mut connection) = with_table().await;
    proxy.swallow_next_reply_to("COMMIT");
    let mut transaction = connection.begin().await.unwrap();
    transaction
        .execute("INSERT INTO lines VALUES ('stored')")
        .await
        .unwrap();
    let mut other = PgConnection::connect(&proxy.url(database.name()))
        .await
        .unwrap();
    let refused = other.execute("SELECT 1 / 0").await;
    assert!(
        matches!(refused, Err(sqlx::Error::Database(_))),
        "{refused:?}"
    );
    transaction.commit().await.unwrap_err();
    assert_eq!(lines(&database.url()).await, ["stored"]);
}

#[tokio::test]
async fn an_error_of_the_server_passes_while_a_swallow_waits() {
    let (database, proxy, mut connection) = with_table().await;
    connection
        .execute("INSERT INTO lines VALUES ('once')")
        .await
        .unwrap();
    proxy.swallow_next_reply();
    let refused = connection
        .execute("INSERT INTO lines VALUES ('once')")
        .await
        .unwrap_err();
    assert!(
        refused
            .as_database_error()
            .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    );
    // A copy asks its client in the middle of a reply.
    let mut copy = connection
        .copy_in_raw("COPY lines FROM STDIN")
        .await
        .unwrap();
    copy.send(b"copied\n".as_slice()).await.unwrap();
    copy.finish().await.unwrap_err();
    assert_eq!(lines(&database.url()).await, ["copied", "once"]);
}

#[tokio::test]
async fn a_pool_recovers_after_cuts() {
    let (database, proxy, _) = with_table().await;
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(4)
        .connect(&proxy.url(database.name()))
        .await
        .unwrap();
    for number in 0..20_i32 {
        proxy.cut().await;
        let insert = sqlx::query("INSERT INTO lines VALUES ($1)").bind(number.to_string());
        insert.execute(&pool).await.unwrap();
    }
    assert_eq!(lines(&database.url()).await.len(), 20);
    assert!(proxy.cuts() >= 20);
    pool.close().await;
}
