//! A pool in transaction mode between client and server.

use intent_tests::postgres::{Bouncer, PoolOptions, TempDatabase};
use sqlx::{Connection, PgConnection};

#[tokio::test]
async fn prepared_statements_are_carried_over_between_transactions() {
    let database = TempDatabase::new().await;
    let bouncer = Bouncer::start(database.server(), PoolOptions::transaction().size(2)).await;
    let url = bouncer.url(database.name());
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(PgConnection::connect(&url).await.unwrap());
    }
    for round in 0..5_i32 {
        for client in &mut clients {
            // Prepared and kept by the client; the server's connection is whichever is free.
            let (it, backend): (i32, i32) = sqlx::query_as("SELECT $1 + 1, pg_backend_pid()")
                .bind(round)
                .fetch_one(client)
                .await
                .unwrap();
            assert_eq!(it, round + 1);
            assert!(backend > 0);
        }
    }
    let mut admin = database.connect().await.unwrap();
    let servers: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert!(
        (1..=2).contains(&servers),
        "{servers} server connections for 8 clients\n{}",
        bouncer.log()
    );
}

#[tokio::test]
async fn without_carried_statements_a_client_meets_anothers() {
    let database = TempDatabase::new().await;
    let options = PoolOptions::transaction().size(1).prepared_statements(0);
    let bouncer = Bouncer::start(database.server(), options).await;
    let url = bouncer.url(database.name());
    let mut one = PgConnection::connect(&url).await.unwrap();
    let mut two = PgConnection::connect(&url).await.unwrap();
    let first = sqlx::query("SELECT $1").bind(1).execute(&mut one).await;
    first.unwrap();
    let error = sqlx::query("SELECT $1")
        .bind(2)
        .execute(&mut two)
        .await
        .unwrap_err();
    let code = error
        .as_database_error()
        .and_then(|it| it.code().map(std::borrow::Cow::into_owned));
    assert_eq!(code.as_deref(), Some("42P05"), "the name is taken: {error}");
}

#[tokio::test]
async fn a_role_keeps_its_name_through_the_pool() {
    let database = TempDatabase::new().await;
    let mut admin = database.connect().await.unwrap();
    let role = format!("role_of_{}", database.name());
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE ROLE {role} LOGIN")))
        .execute(&mut admin)
        .await
        .unwrap();
    let bouncer = Bouncer::start(database.server(), PoolOptions::session()).await;
    let mut connection = PgConnection::connect(&bouncer.server().url_as(&role, database.name()))
        .await
        .unwrap();
    let user: String = sqlx::query_scalar("SELECT current_user")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(user, role);
    drop(bouncer);
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP ROLE {role}")))
        .execute(&mut admin)
        .await
        .unwrap();
}
