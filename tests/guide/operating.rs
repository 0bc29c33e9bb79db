//! The page on operating Postgres: the SQL that an operator runs by hand makes the same schema as the library.

use std::{fs, path::Path};

use intent_runtime::{
    PgStore, StoreError,
    store::{Log, Store, Streams},
};
use intent_tests::postgres::{Binaries, Cluster, Options};
use sqlx::{Connection, Executor, PgConnection};

use crate::store::appending::{append, stream};

/// The SQL of the page, in the order in which it is to be run.
fn by_hand() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/operating.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("```sql\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    blocks.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_is_run_by_hand_is_what_the_library_makes() {
    by_hand_and_by_library(Binaries::any()).await;
}

/// Since Postgres 16 it is another rule who may act as a role that it made.
#[tokio::test]
async fn on_postgres_18_too() {
    by_hand_and_by_library(Binaries::of(18)).await;
}

async fn by_hand_and_by_library(binaries: Binaries) {
    let cluster = Cluster::start(Options::fast().binaries(binaries.clone())).await;
    let server = cluster.server();
    let mut superuser = PgConnection::connect(&cluster.superuser_url())
        .await
        .unwrap();
    for statement in [
        "CREATE ROLE admin LOGIN CREATEROLE",
        "CREATE DATABASE by_hand OWNER admin",
        "CREATE DATABASE by_library OWNER shop_owner",
    ] {
        superuser.execute(statement).await.unwrap();
        if statement.contains("by_hand") {
            let admin = server.url_as("admin", "by_hand");
            binaries.psql(by_hand(), &admin).await.unwrap();
        }
    }

    // A role that may create nothing opens it, and has all it needs.
    let url = server.url_as("shop", "by_hand");
    let mut role = PgConnection::connect(&url).await.unwrap();
    role.execute("CREATE SCHEMA other").await.unwrap_err();
    role.execute("CREATE TABLE intent.other ()")
        .await
        .unwrap_err();
    let store = PgStore::connect(&url).await.unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
    assert!(store.log_health().await.is_ok());
    store.close().await.unwrap();

    // The owner has no password and cannot log in; who may act as the owner does.
    let owner = server.url_as("admin", "by_library?options=-c%20role%3Dshop_owner");
    let url = owner.as_str();
    // ANCHOR: migrate
    intent_runtime::store::migrate(url).await.unwrap();
    // ANCHOR_END: migrate
    let grant = "SELECT intent.grant_app('shop'); SELECT intent.grant_reader('shop');";
    binaries.psql(grant.into(), &owner).await.unwrap();
    let by_hand = binaries.schema("intent", &server.url("by_hand")).await;
    let by_hand = by_hand.unwrap();
    let by_library = server.url("by_library");
    let by_library = binaries.schema("intent", &by_library).await.unwrap();
    assert!(by_hand.contains("CREATE TABLE intent.events"), "{by_hand}");
    assert_eq!(comparable(&by_hand), comparable(&by_library));

    // The page also says how to take the rights back.
    let take_back = "GRANT shop TO CURRENT_USER; DROP OWNED BY shop;";
    let admin = server.url_as("admin", "by_hand");
    binaries.psql(take_back.into(), &admin).await.unwrap();
    let found = role.execute("SELECT FROM intent.events").await;
    assert!(found.unwrap_err().to_string().contains("permission denied"));
}

/// A dump without what is new each time: the policies of readers have names of their own, and `pg_dump` seals its text.
fn comparable(dump: &str) -> Vec<String> {
    let lines = dump.lines().filter(|line| !line.starts_with('\\'));
    let named = |line: &str| {
        let name = line.split(['"', ' ', ';']).find(|word| {
            let id = word.strip_prefix("all_tenants_");
            id.is_some_and(|id| id.parse::<uuid::Uuid>().is_ok())
        });
        name.map_or(line.to_owned(), |name| line.replace(name, "all_tenants_…"))
    };
    lines.map(named).collect()
}

#[test]
fn the_page_shows_the_sql_that_the_library_gives() {
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(str::to_owned).collect()
    };
    let (page, sql) = (lines(&by_hand()), lines(&PgStore::migration_sql(0)));
    let there = page.windows(sql.len()).any(|shown| shown == sql);
    assert!(there, "{sql:#?}\nis not what the page shows:\n{page:#?}");
    assert_eq!(lines(&PgStore::migration_sql(1)).len(), 5, "nothing newer");
}

/// The owner of a schema may migrate it without any right on the database.
#[tokio::test]
async fn a_schema_that_is_there_is_filled_by_its_owner() {
    let cluster = Cluster::start(Options::fast()).await;
    let url = cluster.superuser_url();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    for statement in [
        "CREATE ROLE shop_owner LOGIN",
        "CREATE ROLE shop LOGIN",
        "CREATE SCHEMA intent AUTHORIZATION shop_owner",
    ] {
        admin.execute(statement).await.unwrap();
    }
    let url = |role: &str| cluster.server().url_as(role, "postgres");
    let error = intent_runtime::store::migrate(&url("shop")).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, StoreError::NotMigrated { found: 0, .. }),
        "{error:?}"
    );
    for _ in 0..2 {
        let migrated = intent_runtime::store::migrate(&url("shop_owner")).await;
        migrated.unwrap();
    }
    let mut owner = PgConnection::connect(&url("shop_owner")).await.unwrap();
    let grant = "SELECT intent.grant_app('shop')";
    owner.execute(grant).await.unwrap();
    let store = PgStore::connect(&url("shop")).await.unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
    store.close().await.unwrap();
}
