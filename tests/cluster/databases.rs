//! Databases of the server that the tests share.

use intent_tests::postgres::{Server, TempDatabase};
use sqlx::{Connection, Executor};

use super::{TABLE, lines};

async fn exists(server: &Server, name: &str) -> bool {
    let mut admin = server.connect("postgres").await.unwrap();
    let found = sqlx::query("SELECT FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_optional(&mut admin)
        .await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn a_database_goes_with_its_connections_and_what_is_prepared_in_it() {
    let database = TempDatabase::new().await;
    let (server, name) = (database.server().clone(), database.name().to_owned());
    let mut connection = database.connect().await.unwrap();
    connection.execute(TABLE).await.unwrap();
    connection.execute("BEGIN").await.unwrap();
    connection
        .execute("INSERT INTO lines VALUES ('prepared')")
        .await
        .unwrap();
    // A name that nobody else uses, because prepared transactions are known to the whole server.
    let prepare = sqlx::AssertSqlSafe(format!("PREPARE TRANSACTION 'it''s {name}'"));
    connection.execute(prepare).await.unwrap();
    assert!(exists(&server, &name).await);
    drop(database);
    assert!(!exists(&server, &name).await);
    connection.ping().await.unwrap_err();
}

#[tokio::test]
async fn databases_are_separate() {
    let (one, two) = (TempDatabase::new().await, TempDatabase::new().await);
    one.connect().await.unwrap().execute(TABLE).await.unwrap();
    two.connect().await.unwrap().execute(TABLE).await.unwrap();
    one.connect()
        .await
        .unwrap()
        .execute("INSERT INTO lines VALUES ('one')")
        .await
        .unwrap();
    assert_eq!(lines(&one.url()).await, ["one"]);
    assert!(lines(&two.url()).await.is_empty());
}

#[tokio::test]
async fn a_role_can_be_any_that_was_made() {
    let database = TempDatabase::new().await;
    let mut admin = database.connect().await.unwrap();
    let role = format!("role_of_{}", database.name());
    admin
        .execute(sqlx::AssertSqlSafe(format!("CREATE ROLE {role} LOGIN")))
        .await
        .unwrap();
    let mut connection = sqlx::PgConnection::connect(&database.url_as(&role))
        .await
        .unwrap();
    let user: String = sqlx::query_scalar("SELECT current_user")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(user, role);
    admin
        .execute(sqlx::AssertSqlSafe(format!("DROP ROLE {role}")))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_prepared_once_for_all() {
    let server = Server::shared().await;
    let name = format!("template_{}", uuid::Uuid::new_v4().simple());
    let prepared = std::sync::atomic::AtomicUsize::new(0);
    let clone = async || {
        let prepare = async |url: String| {
            prepared.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            connection.execute(TABLE).await.unwrap();
            connection
                .execute("INSERT INTO lines VALUES ('from the template')")
                .await
                .unwrap();
            connection.close().await.unwrap();
        };
        server.template(&name, prepare).await;
        let database = TempDatabase::from_template(server, &name).await;
        assert_eq!(lines(&database.url()).await, ["from the template"]);
    };
    tokio::join!(clone(), clone(), clone(), clone());
    assert_eq!(prepared.into_inner(), 1);
    let mut admin = server.connect("postgres").await.unwrap();
    admin
        .execute(sqlx::AssertSqlSafe(format!(
            "ALTER DATABASE {name} IS_TEMPLATE false"
        )))
        .await
        .unwrap();
    server.drop_database(&name).await.unwrap();
}
