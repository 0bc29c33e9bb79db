//! The cost of appends and of pages of a stream: a statement looks at nothing that does not concern it.

use std::{ops::ControlFlow, sync::mpsc};

use futures_util::future::try_join_all;
use intent_runtime::{
    AggregateId, CommandId, Cursor, TenantId, Version,
    store::{
        Append, EventName, Expect, Log, LogSelection, NextPage, ReadCorrelation, ReadLog, Store,
        StreamId, Streams,
    },
};
use intent_tests::postgres::Proxy;
use tokio::time::timeout;
use uuid::Uuid;

use super::{roles::Roles, waiting::SOON};
use crate::store::appending::{append, stream};

/// How many appends follow, alone and together.
const APPENDS: u64 = 20;

/// How many tenants there are, and how many events the one stream of each has.
const TENANTS: u64 = 20;
const LONG: u64 = 1_000;
/// How many events a page of the log has.
const PAGE: usize = 500;

/// How many events there are beside those of a correlation.
const FILLED: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn appends_to_a_young_database_look_up_what_they_need() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    store.close().await.unwrap();
    roles.run("VACUUM ANALYZE intent.events").await;
    let before = counted(&roles, 1).await;

    let store = roles.open(&roles.app).await.unwrap();
    for behind in 1..=APPENDS {
        store.append(behind_version(&stream, behind)).await.unwrap();
    }
    let together = (0..APPENDS).map(|_| {
        let other = StreamId {
            aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
            ..stream.clone()
        };
        store.append(append(&other, 2))
    });
    try_join_all(together).await.unwrap();
    store.close().await.unwrap();

    let after = counted(&roles, 1 + 3 * APPENDS).await;
    assert_eq!(after.scans, before.scans);
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_to_a_long_stream_look_at_its_end() {
    let roles = Roles::new().await;
    roles.open(&roles.owner).await.unwrap();
    let stream = stream();
    let others = TENANTS - 1;
    let fill = format!(
        "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                                    aggregate_type, event_type, payload, metadata)
         SELECT tenant, aggregate, gen_random_uuid(), version, 1, now(), now(), '{}', 'Opened', '{{}}', '{{}}'
         FROM (SELECT gen_random_uuid() AS tenant, gen_random_uuid() AS aggregate FROM generate_series(1, {others})
               UNION ALL SELECT '{}', '{}') AS streams, generate_series(1, {LONG}) AS version",
        &*stream.aggregate_type, stream.tenant_id, stream.aggregate_id
    );
    roles.run(&fill).await;
    roles.run("VACUUM ANALYZE intent.events").await;
    let filled = TENANTS * LONG;
    let before = counted(&roles, filled).await;

    let store = roles.open(&roles.app).await.unwrap();
    for _ in 0..APPENDS {
        store.append(append(&stream, 2)).await.unwrap();
    }
    store.close().await.unwrap();

    let after = counted(&roles, filled + 2 * APPENDS).await;
    let looked_at = after.versions - before.versions;
    assert!(
        looked_at <= 2 * APPENDS.cast_signed(),
        "{looked_at} versions"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_long_stream_looks_at_no_events_behind_it() {
    let roles = Roles::new().await;
    roles.open(&roles.owner).await.unwrap();
    let stream = stream();
    let fill = format!(
        "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                                    aggregate_type, event_type, payload, metadata)
         SELECT '{}', '{}', gen_random_uuid(), version, 1, now(), now(), '{}', 'Opened', '{{}}', '{{}}'
         FROM generate_series(1, {FILLED}) AS version",
        stream.tenant_id, stream.aggregate_id, &*stream.aggregate_type
    );
    roles.run(&fill).await;
    roles.run("VACUUM ANALYZE intent.events").await;
    let before = looked_at(&roles, 0).await;

    let store = roles.open(&roles.app).await.unwrap();
    let rare = LogSelection::all()
        .aggregate_id(stream.aggregate_id)
        .name(EventName::new(None, Some("Closed")));
    let (mut after, mut next) = (Cursor::START, NextPage::More);
    while next == NextPage::More {
        let read = ReadLog::new(after, Some(stream.tenant_id), &rare, PAGE);
        let mut sink = |_| ControlFlow::Continue(());
        let page = store.read_log(read, &mut sink).await.unwrap();
        (after, next) = (page.cursor, page.next);
    }
    store.close().await.unwrap();

    let filled = FILLED.cast_signed();
    let looked_at = looked_at(&roles, before + filled).await - before;
    // A page looks at its events twice and at what is ahead in the log, which is twice as many. To look at the whole rest of the
    // stream for each page would be twenty times the stream.
    assert!(looked_at <= 6 * filled, "{looked_at} entries");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_tenant_looks_at_no_events_of_others() {
    let roles = Roles::new().await;
    roles.open(&roles.owner).await.unwrap();
    // Few tenants of equal size, in turn: to walk along all positions looks cheap to the server.
    let tenant = TenantId::from_name("1");
    let ids = (0..10).map(|number| format!("'{}'", TenantId::from_name(&number.to_string())));
    let ids = ids.collect::<Vec<_>>().join(", ");
    let fill = format!(
        "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                                    aggregate_type, event_type, payload, metadata)
         SELECT (ARRAY[{ids}]::uuid[])[1 + number % 10], gen_random_uuid(), gen_random_uuid(), 1, 1, now(), now(), 'Account',
                'Opened', '{{}}', '{{}}'
         FROM generate_series(1, {FILLED}) AS number"
    );
    roles.run(&fill).await;
    roles.run("VACUUM ANALYZE intent.events").await;
    let before = looked_at(&roles, 0).await;

    let store = roles.open(&roles.app).await.unwrap();
    let all = LogSelection::all();
    let (mut after, mut next, mut events) = (Cursor::START, NextPage::More, 0);
    while next == NextPage::More {
        let read = ReadLog::new(after, Some(tenant), &all, PAGE);
        let mut sink = |_| {
            events += 1;
            ControlFlow::Continue(())
        };
        let page = store.read_log(read, &mut sink).await.unwrap();
        (after, next) = (page.cursor, page.next);
    }
    store.close().await.unwrap();

    let own = FILLED.cast_signed() / 10;
    assert_eq!(events, own);
    let looked_at = looked_at(&roles, before + own).await - before;
    // A page looks at its events once, and at some 1,000 that are ahead in the log. To walk past the events of all tenants
    // would be each of them twice.
    assert!(looked_at <= FILLED.cast_signed(), "{looked_at} entries");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correlation_costs_as_much_as_it_has_events() {
    let roles = Roles::new().await;
    roles.open(&roles.owner).await.unwrap();
    // In one tenant, a correlation of five events among a thousand of twenty, and as many that began their own.
    let (tenant, began) = (TenantId::from_name("one"), CommandId::new());
    let fill = format!(
        "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                                    aggregate_type, event_type, payload, metadata, correlation_id)
         SELECT '{tenant}', gen_random_uuid(), gen_random_uuid(), 1, 1, now(), now(), 'Account', 'Opened', '{{}}', '{{}}',
                CASE
                    WHEN number % 4000 = 0 THEN '{began}'
                    WHEN number % 2 = 0 THEN md5((number % 1000)::text)::uuid
                END
         FROM generate_series(1, {FILLED}) AS number"
    );
    roles.run(&fill).await;
    roles.run("VACUUM ANALYZE intent.events").await;
    let before = looked_at(&roles, 0).await;

    let store = roles.open(&roles.app).await.unwrap();
    let read = ReadCorrelation::new(tenant, began.into(), 100);
    let page = store.correlation(read).await.unwrap();
    assert_eq!(page.events.len(), 5);
    store.close().await.unwrap();

    let after = looked_at(&roles, before + 5).await;
    assert_eq!(after - before, 5, "entries of indexes, or rows");
}

/// How many events and entries of their indexes the server has looked at, once they are so many. It counts when connections end.
async fn looked_at(roles: &Roles, at_least: i64) -> i64 {
    let mut connection = roles.database().connect().await.unwrap();
    let counting = async {
        loop {
            let looked_at: i64 = sqlx::query_scalar(
                "SELECT (seq_tup_read + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'events'))::bigint
                 FROM pg_stat_user_tables WHERE relid = 'intent.events'::regclass",
            )
            .fetch_one(&mut connection)
            .await
            .unwrap();
            if looked_at >= at_least {
                return looked_at;
            }
        }
    };
    timeout(SOON, counting).await.expect("all are counted")
}

/// What the server has counted of the table of events.
struct Counted {
    /// How often it was read from end to end.
    scans: i64,
    /// Entries read of the index of versions.
    versions: i64,
}

/// The counts, once it has counted this many events. The server counts when connections end.
async fn counted(roles: &Roles, events: u64) -> Counted {
    let mut connection = roles.database().connect().await.unwrap();
    let counting = async {
        loop {
            let (counted, scans, versions): (i64, i64, i64) = sqlx::query_as(
                "SELECT n_tup_ins, seq_scan,
                        (SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'events_version')
                 FROM pg_stat_user_tables WHERE relid = 'intent.events'::regclass",
            )
            .fetch_one(&mut connection)
            .await
            .unwrap();
            if counted >= events.cast_signed() {
                return Counted { scans, versions };
            }
        }
    };
    timeout(SOON, counting).await.expect("all are counted")
}

#[tokio::test]
async fn an_event_behind_another_takes_one_statement() {
    let roles = Roles::new().await;
    let stream = stream();
    let store = roles.open(&roles.app).await.unwrap();
    store.append(append(&stream, 1)).await.unwrap();
    let (statements, seen) = mpsc::channel();
    let see = move |text: &str| {
        if text.contains("intent.events") {
            statements.send(text.to_owned()).unwrap();
        }
        text.to_owned()
    };
    let proxy = Proxy::rewriting(roles.server(), see).await;
    let store = roles
        .open_through(proxy.server(), &roles.app)
        .await
        .unwrap();
    // What opening it looked at.
    seen.try_iter().for_each(drop);
    for behind in 1..=3 {
        store.append(behind_version(&stream, behind)).await.unwrap();
    }
    // Each connection prepares it once.
    let mut prepared: Vec<String> = seen.try_iter().collect();
    prepared.dedup();
    assert_eq!(prepared.len(), 1, "{prepared:#?}");
}

/// An append of an event behind the one of this version.
fn behind_version(stream: &StreamId, version: u64) -> Append {
    {
        let mut append = append(stream, 1);
        append.expect = Expect::Version(Version::new(version));
        append
    }
}
