//! S10: random work of many tenants at once, under the same ids. Each has a store in memory of its own, in which no other
//! tenant exists: the shared database must answer as that does.
//!
//! `INTENT_SOAK=1` makes it twenty times as long.

use std::ops::ControlFlow;

use intent_runtime::{
    CommandId, CorrelationId, Cursor, MemoryStore, Metadata, PgStore, RecordedEvent, StoreError,
    TenantId, Timestamp, Version,
    store::{
        EncodedMetadata, Expect, Import, Log, LogSelection, LookBack, NextPage, ReadCorrelation,
        ReadLog, ReadStream, Store, StreamId, Streams,
    },
    testing::FixedClock,
};
use intent_tests::postgres::Proxy;
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    forgotten::Forgotten,
    on_postgres_18,
    roles::Roles,
    work::{Answer, Ids, look_back},
};
use crate::store::appending::{append, stream};

/// The one statement that returns nothing if it forgets the tenant.
const HARMLESS: &str = "The wanted events of a tenant that has few";
const TENANTS: usize = 8;
/// How many calls each tenant makes in a round.
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

/// Policies are planned differently in that version.
#[tokio::test(flavor = "multi_thread")]
async fn random_tenants_never_meet_where_every_statement_forgets_them_on_postgres_18() {
    forget(async || on_postgres_18::roles().await).await;
}

async fn forget(roles: impl AsyncFn() -> Roles) {
    let mut answers = 0;
    for _ in 0..rounds() {
        let roles = roles().await;
        crowd(&roles).await;
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

/// Checks the proof itself: without the policies, each statement that forgets the tenant is noticed.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_policies_each_statement_that_forgets_the_tenant_is_caught() {
    let roles = Roles::new().await;
    crowd(&roles).await;
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
        let done = work(&store).await;
        if name == HARMLESS {
            done.expect("it counts the events of all tenants, which are too many, and gives none");
            continue;
        }
        let breach = done.expect_err(&name);
        println!("`{name}` without its tenant: {breach:.300}");
    }
}

/// Lets every tenant work, and returns how many answers were right, or the first wrong one.
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
    among_many(store).await?;
    look_back_among_many(store).await?;
    for tenant_id in [TenantId::DEFAULT, TenantId::from_uuid(Uuid::now_v7())] {
        let own = StreamId {
            tenant_id,
            ..stream()
        };
        around_times_of_another(store, &own).await?;
        in_one_correlation(store, &own).await?;
    }
    Ok(answers)
}

/// Enough events of another tenant that the few of the default tenant are read by their key.
async fn crowd(roles: &Roles) {
    let crowd = "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at,
                                            occurred_at, aggregate_type, event_type, payload, metadata)
                 SELECT md5('crowd')::uuid, gen_random_uuid(), gen_random_uuid(), 1, 1, now(), now(), 'Crowd', 'Came', '{}', '{}'
                 FROM generate_series(1, 25000)";
    roles.run(crowd).await;
}

/// The default tenant's log has the default tenant's events: where they are few among many, and at the end of the log.
async fn among_many(store: &PgStore) -> Result<(), String> {
    let mut cursor = Cursor::START;
    for _ in 0..2 {
        let own = stream();
        let other = StreamId {
            tenant_id: TenantId::from_uuid(Uuid::now_v7()),
            ..stream()
        };
        for stream in [&other, &own] {
            let stored = store.append(append(stream, 1)).await;
            stored.map_err(|error| error.to_string())?;
        }
        let events = read_to_end(store, TenantId::DEFAULT, &mut cursor).await?;
        let seen: Vec<_> = events
            .iter()
            .map(|event| (event.tenant_id, event.aggregate_id))
            .collect();
        if let Some((tenant, _)) = seen.iter().find(|(id, _)| *id != TenantId::DEFAULT) {
            return Err(format!("an event of {tenant}"));
        }
        if !seen.contains(&(TenantId::DEFAULT, own.aggregate_id)) {
            return Err("its own event is missing".into());
        }
    }
    Ok(())
}

/// A tenant's log from a cursor to its end.
async fn read_to_end(
    store: &PgStore,
    tenant: TenantId,
    cursor: &mut Cursor,
) -> Result<Vec<RecordedEvent>, String> {
    let mut events = Vec::new();
    loop {
        let mut sink = |event| {
            events.push(event);
            ControlFlow::Continue(())
        };
        let filter = LogSelection::all();
        let read = ReadLog::new(*cursor, Some(tenant), &filter, 100);
        let page = store.read_log(read, &mut sink).await;
        let page = page.map_err(|error| error.to_string())?;
        *cursor = page.cursor;
        if page.next == NextPage::End {
            return Ok(events);
        }
    }
}

/// The default tenant looks back on the default tenant's events.
async fn look_back_among_many(store: &PgStore) -> Result<(), String> {
    let filter = LogSelection::all();
    let mut look = LookBack::new(&filter, 20);
    look.tenant = Some(TenantId::DEFAULT);
    let found = look_back(store, look).await;
    let found = found.map_err(|error| error.to_string())?;
    assert!(!found.is_empty(), "the tenant has events");
    match found.iter().find(|it| it.tenant_id != TenantId::DEFAULT) {
        Some(event) => Err(format!("an event of {}", event.tenant_id)),
        None => Ok(()),
    }
}

/// Where the log of a tenant stood follows from the times of its own events: here events of another tenant, which were recorded
/// in times to come elsewhere, lie between them. And an event is the tenant's own, or is not found.
async fn around_times_of_another(store: &PgStore, own: &StreamId) -> Result<(), String> {
    let failed = |error: StoreError| error.to_string();
    let other = StreamId {
        tenant_id: TenantId::from_uuid(Uuid::now_v7()),
        ..stream()
    };
    let elsewhere = MemoryStore::with_clock(FixedClock::at(Timestamp::MAX));
    elsewhere
        .append(append(&other, 500))
        .await
        .map_err(failed)?;
    let theirs = events(&elsewhere, &other).await.map_err(failed)?;
    let their_event = theirs[0].id;

    store.append(append(own, 1)).await.map_err(failed)?;
    store.import(theirs).await.map_err(failed)?;
    store.append(append(own, 1)).await.map_err(failed)?;
    let last = events(store, own).await.map_err(failed)?.remove(1);
    let stood = store.cursor_at(Some(own.tenant_id), last.recorded_at);
    let mut stood = stood.await.map_err(failed)?;
    let behind = read_to_end(store, own.tenant_id, &mut stood).await?;
    if !behind.is_empty() {
        return Err("the tenant's log stood where its own last event was missing".into());
    }
    match store
        .event(own.tenant_id, their_event)
        .await
        .map_err(failed)?
    {
        None => Ok(()),
        Some(event) => Err(format!("an event of {}", event.tenant_id)),
    }
}

/// A correlation of one id in two tenants is two.
async fn in_one_correlation(store: &PgStore, own: &StreamId) -> Result<(), String> {
    let id = CorrelationId::from(CommandId::new());
    let other = StreamId {
        tenant_id: TenantId::from_uuid(Uuid::now_v7()),
        ..stream()
    };
    for stream in [own, &other] {
        let mut named = append(stream, 1);
        named.metadata = EncodedMetadata::new(Metadata::new().correlation_id(id)).unwrap();
        store.append(named).await.map_err(|it| it.to_string())?;
    }
    let read = ReadCorrelation::new(own.tenant_id, id, 10);
    let found = store.correlation(read).await;
    let found = found.map_err(|error| error.to_string())?.events;
    if let Some(event) = found.iter().find(|it| it.tenant_id != own.tenant_id) {
        return Err(format!("an event of {}", event.tenant_id));
    }
    // One command in both tenants: the other one has more of its events, all of them before.
    let command = CommandId::new();
    for (stream, events) in [(&other, 3), (own, 2)] {
        let mut again = append(stream, events);
        again.command_id = command;
        store.append(again).await.map_err(|it| it.to_string())?;
    }
    let mut read = ReadCorrelation::new(own.tenant_id, command.into(), 1);
    let (mut found, mut next) = (0, Some(read.after));
    while let Some(after) = next {
        read.after = after;
        let page = store.correlation(read).await;
        let page = page.map_err(|error| error.to_string())?;
        found += page.events.len();
        next = page.next;
    }
    match found {
        2 => Ok(()),
        _ => Err(format!("{found} events of a command that stored 2")),
    }
}

async fn events(store: &dyn Store, stream: &StreamId) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut events = Vec::new();
    let mut sink = |event| {
        events.push(event);
        ControlFlow::Continue(())
    };
    store
        .read_events(ReadStream::all(stream), &mut sink)
        .await?;
    Ok(events)
}

/// What random work seldom hits: another tenant's stream ends with just the event that an append expects.
async fn behind_anothers_event(store: &PgStore) -> Result<(), String> {
    let of_a_tenant = |stream| StreamId {
        tenant_id: TenantId::from_uuid(Uuid::now_v7()),
        ..stream
    };
    let theirs = append(&of_a_tenant(stream()), 1);
    let mut behind = append(&of_a_tenant(theirs.stream.clone()), 1);
    behind.expect = Expect::Version(Version::FIRST);
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
