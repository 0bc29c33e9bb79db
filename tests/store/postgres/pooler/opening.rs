//! What opening a store finds out about a pooler, and what it reports.

use std::sync::Arc;

use intent_runtime::{
    PgStore, StoreError, Subscription,
    store::{Appended, Store, Streams},
};
use intent_tests::postgres::{Bouncer, PoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgExecutor, PgPool, Row, postgres::PgPoolOptions};
use tracing::instrument::WithSubscriber;

use crate::{
    store::{
        appending::{append, stream},
        postgres::roles::Roles,
    },
    warnings::Warnings,
};

#[tokio::test]
async fn a_pooler_that_forgets_prepared_statements_is_refused() {
    let forgetful = PoolOptions::transaction().prepared_statements(0);
    let mut all = vec![forgetful.clone(), forgetful.size(1)];
    match PoolOptions::old() {
        Some(old) => all.push(old),
        None => println!("no release of PgBouncer before 1.21 is installed: one set up like it"),
    }
    for options in all {
        let roles = Roles::empty().await;
        let bouncer = Bouncer::start(roles.server(), options).await;
        let url = roles.url_through(bouncer.server(), &roles.owner);
        let pool = PgPool::connect(&url).await.unwrap();
        // One by one, and at the same time.
        let alone = PgStore::connect(&url).await;
        let beside = tokio::join!(PgStore::connect(&url), PgStore::new(pool.clone()));
        for opened in [alone, beside.0, beside.1] {
            let error = opened.unwrap_err();
            assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
            let told = error.to_string();
            assert!(told.contains("use PgBouncer 1.21 or later"), "{told}");
        }
        // The pool still works for what it can do.
        assert_nothing_left(&pool).await;
    }
}

/// Checks that nothing was made, and that no prepared statement is left on a server connection.
async fn assert_nothing_left(client: impl PgExecutor<'_>) {
    let left = "SELECT to_regnamespace('intent') IS NULL, count(*) FROM pg_prepared_statements";
    let left = sqlx::raw_sql(left).fetch_one(client).await.unwrap();
    assert!(left.get::<bool, _>(0), "nothing was made");
    assert_eq!(left.get::<i64, _>(1), 0, "no statement is left behind");
}

/// Two clients that ask in turn would each find the server's connection that they had before.
#[tokio::test]
async fn a_forgetful_pooler_that_lends_two_connections_in_turn_is_refused() {
    let roles = Roles::empty().await;
    let options = PoolOptions::transaction().prepared_statements(0);
    let bouncer = Bouncer::start(roles.server(), options.size(2).in_turn()).await;
    let url = roles.url_through(bouncer.server(), &roles.owner);
    let (mut one, mut two) = (
        PgConnection::connect(&url).await.unwrap(),
        PgConnection::connect(&url).await.unwrap(),
    );
    // The pooler opens both.
    for statement in ["BEGIN", "ROLLBACK"] {
        for client in [&mut one, &mut two] {
            client.execute(statement).await.unwrap();
        }
    }
    let mut backends = Vec::new();
    for _ in 0..4 {
        let backend = sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(&mut one);
        backends.push(backend.await.unwrap().get::<i32, _>(0));
    }
    assert!(
        backends[0] != backends[1] && backends[..2] == backends[2..],
        "they are lent in turn: {backends:?}"
    );
    let error = PgStore::connect(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
    for _ in 0..2 {
        assert_nothing_left(&mut one).await;
    }
}

#[tokio::test]
async fn session_pooling_is_as_good_as_none() {
    let roles = Roles::new().await;
    roles
        .run(&format!("SELECT intent.grant_reader('{}')", roles.app))
        .await;
    let options = PoolOptions::session().ignore("");
    let bouncer = Bouncer::start(roles.server(), options).await;
    let writing = roles.open_through(bouncer.server(), &roles.app).await;
    let reading = roles.open_through(bouncer.server(), &roles.app).await;
    let reading: Arc<dyn Store> = Arc::new(reading.unwrap());
    let mut log = Subscription::new(reading, None, intent_runtime::LogFilter::all()).poll(None);
    let writing = writing.unwrap();
    // Only the signal of the writing store wakes the reader.
    for _ in 0..3 {
        let (event, appended) = tokio::join!(log.next(), writing.append(append(&stream(), 1)));
        let Ok(Appended::Stored { position, .. }) = appended else {
            panic!("{appended:?}");
        };
        assert_eq!(event.unwrap().position, position);
    }
}

#[tokio::test]
async fn a_role_that_plans_each_time_behind_a_pooler_is_warned_of_once() {
    let roles = Roles::new().await;
    let warned = async |options: PoolOptions| {
        let bouncer = Bouncer::start(roles.server(), options).await;
        let warnings = Warnings::default();
        let opening = roles.open_through(bouncer.server(), &roles.app);
        let store = opening.with_subscriber(warnings.clone()).await.unwrap();
        let appending = async {
            for _ in 0..3 {
                store.append(append(&stream(), 1)).await.unwrap();
            }
        };
        appending.with_subscriber(warnings.clone()).await;
        let told = warnings.taken();
        told.iter()
            .filter(|it| it.contains("plan_cache_mode"))
            .count()
    };
    let refusing = || PoolOptions::transaction().ignore("");
    let ignoring = || PoolOptions::transaction().ignore("options");
    assert_eq!(warned(refusing()).await, 1, "where settings are refused");
    assert_eq!(warned(ignoring()).await, 1, "where they are passed over");
    let mend = "ALTER ROLE {} SET plan_cache_mode = force_generic_plan";
    roles.run(&mend.replace("{}", &roles.app)).await;
    assert_eq!(warned(refusing()).await, 0, "once the role has it");
    assert_eq!(warned(ignoring()).await, 0);
}

/// A pooler gives the connection to other clients, so a statement that runs in an open transaction of somebody would be lost
/// with it.
#[tokio::test]
async fn a_hook_that_leaves_a_transaction_open_is_an_error() {
    let roles = Roles::new().await;
    let bouncer = Bouncer::start(roles.server(), PoolOptions::transaction()).await;
    let pool = PgPoolOptions::new().after_connect(|connection, _| {
        Box::pin(async move { connection.execute("BEGIN").await.map(drop) })
    });
    let url = roles.url_through(bouncer.server(), &roles.app);
    let error = PgStore::new(pool.connect_lazy(&url).unwrap()).await;
    let error = error.unwrap_err();
    assert!(
        format!("{error:?}").contains("`after_connect`"),
        "{error:?}"
    );
}
