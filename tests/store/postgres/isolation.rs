//! S10: random work of many tenants at once, under the same ids. Each has a store in memory of its own, in which no other
//! tenant exists: the shared database must answer as that does.
//!
//! `INTENT_SOAK=1` makes it twenty times as long.

use intent_runtime::{
    Cursor, MemoryStore, PgStore, StoreError, TenantId, Version,
    store::{Append, Expect, StreamId, Streams},
};
use intent_tests::postgres::Proxy;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    forgotten::Forgotten,
    on_postgres_18,
    roles::Roles,
    work::{Answer, Ids},
};
use crate::store::appending::{append, stream};

const TENANTS: usize = 8;
/// How much each of them does in a round.
const TASKS: usize = 200;

fn rounds() -> usize {
    match std::env::var_os("INTENT_SOAK") {
        Some(_) => 20,
        None => 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_tenants_never_meet() {
    let mut answers = 0;
    for _ in 0..rounds() {
        let roles = Roles::new().await;
        let store = roles.open(&roles.app).await.unwrap();
        answers += work(&store).await.unwrap();
    }
    print(answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn random_tenants_never_meet_where_every_statement_forgets_them() {
    forget(async || Roles::new().await).await;
}

/// The policies are planned differently there.
#[tokio::test(flavor = "multi_thread")]
async fn random_tenants_never_meet_where_every_statement_forgets_them_on_postgres_18() {
    forget(async || on_postgres_18::roles().await).await;
}

async fn forget(roles: impl AsyncFn() -> Roles) {
    let mut answers = 0;
    for _ in 0..rounds() {
        let roles = roles().await;
        let (forgotten, proxy) = Forgotten::on(roles.database(), None).await;
        let store = PgStore::new(pool(&roles, &proxy).await).await.unwrap();
        answers += work(&store).await.unwrap();
        forgotten.assert_complete();
        if answers == TENANTS * TASKS {
            forgotten.print();
        }
    }
    print(answers);
}

fn print(answers: usize) {
    let tenants = rounds() * TENANTS;
    println!("{tenants} tenants, {answers} answers, none of them touched by another tenant");
}

/// The application's connections through a proxy.
async fn pool(roles: &Roles, proxy: &Proxy) -> PgPool {
    let url = proxy.server().url_as(&roles.app, roles.database().name());
    PgPool::connect(&url).await.unwrap()
}

/// The proof of the proof: the policies are what keeps the tenants apart there, and no statement could forget them unseen.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_policies_each_statement_that_forgets_the_tenant_is_caught() {
    let roles = Roles::new().await;
    let open = async |only: Option<&str>| {
        let (forgotten, proxy) = Forgotten::on(roles.database(), only).await;
        let store = PgStore::strict(pool(&roles, &proxy).await).await;
        (forgotten, proxy, store.unwrap())
    };
    let (forgotten, _proxy, store) = open(None).await;
    work(&store).await.unwrap();
    forgotten.assert_complete();
    let (_, _proxy, as_it_ships) = open(Some("no statement")).await;
    let mut forgetful = Vec::new();
    for name in forgotten.names() {
        let (_, proxy, store) = open(Some(&name)).await;
        forgetful.push((name, proxy, store));
    }
    // A strict store would not open without them.
    for table in ["events", "snapshots"] {
        roles
            .run(&format!(
                "ALTER TABLE intent.{table} DISABLE ROW LEVEL SECURITY"
            ))
            .await;
    }
    work(&as_it_ships)
        .await
        .expect("the statements as they ship need no policies");
    for (name, _proxy, store) in forgetful {
        let breach = work(&store).await.expect_err(&name);
        println!("`{name}` without its tenant: {breach:.300}");
    }
}

/// Has every tenant work, and says how many answers were right, or what the first wrong one was.
async fn work(store: &PgStore) -> Result<usize, String> {
    let ids = Ids::new();
    let mut tenants = JoinSet::new();
    for _ in 0..TENANTS {
        tenants.spawn(work_of_one(store.clone(), ids.clone()));
    }
    let mut answers = 0;
    while let Some(tenant) = tenants.join_next().await {
        answers += tenant.unwrap()?;
    }
    behind_anothers_event(store).await?;
    Ok(answers)
}

/// What random work seldom hits: another tenant's stream ends with just the event that an append expects.
async fn behind_anothers_event(store: &PgStore) -> Result<(), String> {
    let of_a_tenant = |stream| StreamId {
        tenant_id: TenantId::from_uuid(Uuid::now_v7()),
        ..stream
    };
    let theirs = append(&of_a_tenant(stream()), 1);
    let behind = Append {
        expect: Expect::Version(Version::FIRST),
        ..append(&of_a_tenant(theirs.stream.clone()), 1)
    };
    store.append(theirs).await.map_err(|it| it.to_string())?;
    match store.append(behind).await {
        Err(StoreError::Conflict { actual, .. }) if actual == Version::NONE => Ok(()),
        answer => Err(format!(
            "an append behind another tenant's event is answered {answer:?}"
        )),
    }
}

async fn work_of_one(store: PgStore, ids: Ids) -> Result<usize, String> {
    let tenant = TenantId::from_uuid(Uuid::now_v7());
    let alone = MemoryStore::new();
    let (mut cursor, mut cursor_alone) = (Cursor::START, Cursor::START);
    let mut refused = 0;
    for _ in 0..TASKS {
        let task = ids.task(tenant);
        let expected = task.clone().alone(&alone, tenant, &mut cursor_alone).await;
        let answer = task.clone().on_postgres(&store, tenant, &mut cursor).await;
        if answer != expected {
            return Err(format!(
                "{task:?} is answered {answer:?}, and for a tenant alone {expected:?}"
            ));
        }
        refused += usize::from(matches!(answer, Answer::Refused(_)));
    }
    assert!(refused < TASKS, "not everything is refused");
    Ok(TASKS)
}
