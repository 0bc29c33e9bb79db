//! A reader of a small part of a long log passes the rest at once, and passes nothing that may still come.

use std::ops::ControlFlow;

use intent_runtime::{
    Cursor, PgStore, RecordedEvent, TenantId,
    store::{EventName, Log, LogSelection, NextPage, ReadLog, StreamId, Streams},
};
use intent_tests::postgres::TempDatabase;

use crate::store::appending::{append, stream};

/// How many events a page has.
const PAGE: usize = 100;

/// The events of a part of the log after a cursor, as far as it may be read now.
struct Part {
    events: Vec<RecordedEvent>,
    cursor: Cursor,
    /// In how many pages it came.
    pages: usize,
    /// `End`, or `HeldUp` by an open transaction.
    behind: NextPage,
}

async fn read(
    store: &PgStore,
    after: Cursor,
    tenant: Option<TenantId>,
    filter: &LogSelection,
) -> Part {
    let mut part = Part {
        events: Vec::new(),
        cursor: after,
        pages: 0,
        behind: NextPage::More,
    };
    while part.behind == NextPage::More {
        let mut sink = |event| {
            part.events.push(event);
            ControlFlow::Continue(())
        };
        let read = ReadLog::new(part.cursor, tenant, filter, PAGE);
        let page = store.read_log(read, &mut sink).await.unwrap();
        (part.cursor, part.behind) = (page.cursor, page.next);
        part.pages += 1;
    }
    part
}

/// Stores 60,000 events of another tenant, fast.
async fn crowd(database: &TempDatabase, name: &str) {
    let crowd = "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                                            aggregate_type, event_type, payload, metadata)
                 SELECT md5('crowd')::uuid, md5($1 || number)::uuid, gen_random_uuid(), 1, 1, now(), now(), 'Crowd', 'Came', '{}', '{}'
                 FROM generate_series(1, 60000) AS number";
    let mut connection = database.connect().await.unwrap();
    let crowd = sqlx::query(crowd).bind(name).execute(&mut connection);
    crowd.await.unwrap();
}

fn positions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position.get()).collect()
}

#[tokio::test]
async fn a_part_costs_as_many_pages_as_it_has() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let in_tenant = |tenant_id, of: &StreamId| StreamId {
        tenant_id,
        ..of.clone()
    };
    let one = in_tenant(TenantId::from_name("one"), &stream());
    // The same id in another tenant, and a stream of the default tenant.
    let (other, default) = (in_tenant(TenantId::from_name("other"), &one), stream());
    for name in ["first", "second"] {
        for stream in [&one, &other, &default] {
            store.append(append(stream, 150)).await.unwrap();
        }
        crowd(&database, name).await;
    }
    for stream in [&one, &other, &default] {
        store.append(append(stream, 1)).await.unwrap();
    }
    let all = LogSelection::all;
    let of_id = all().aggregate_id(one.aggregate_id);
    let came = all().name(EventName::new(None, Some("Deposited")));
    let Part {
        events: whole,
        cursor: end,
        ..
    } = read(&store, Cursor::START, None, &came).await;
    assert_eq!(whole.len(), 3 * 301);
    for (tenant, filter) in [
        (Some(one.tenant_id), all()),
        (Some(one.tenant_id), of_id.clone()),
        (None, of_id),
        (Some(TenantId::DEFAULT), all()),
        (
            Some(TenantId::DEFAULT),
            all().aggregate_id(default.aggregate_id),
        ),
        (Some(TenantId::from_name("nobody")), all()),
    ] {
        let wanted = |event: &&RecordedEvent| {
            tenant.is_none_or(|tenant| event.tenant_id == tenant) && filter.has(event)
        };
        let wanted: Vec<_> = whole.iter().filter(wanted).cloned().collect();
        let found = read(&store, Cursor::START, tenant, &filter).await;
        assert_eq!(positions(&found.events), positions(&wanted));
        assert_eq!(found.events, wanted);
        assert_eq!((found.behind, found.cursor), (NextPage::End, end));
        // One more if a page is full, and one to see the end.
        let most = wanted.len() / PAGE + 2;
        assert!(
            found.pages <= most,
            "{} pages, {tenant:?} {filter:?}",
            found.pages
        );
        // From the middle of a stream.
        if let Some(middle) = wanted.get(wanted.len() / 2) {
            let (store_id, _) = end.place().unwrap();
            let middle = Cursor::after(store_id, middle.position);
            let rest = read(&store, middle, tenant, &filter).await;
            assert_eq!(rest.events, wanted[wanted.len() / 2 + 1..]);
        }
    }
}

#[tokio::test]
async fn what_is_under_way_holds_up_the_reader_of_a_part_too() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let in_tenant = || StreamId {
        tenant_id: TenantId::from_name("one"),
        ..stream()
    };
    let (one, later) = (in_tenant(), in_tenant());
    store.append(append(&one, 1)).await.unwrap();
    crowd(&database, "first").await;
    let mut open = store.pool().begin().await.unwrap();
    store.append_in(&mut open, append(&one, 1)).await.unwrap();
    crowd(&database, "second").await;
    store.append(append(&later, 1)).await.unwrap();
    let filters = [
        LogSelection::all(),
        LogSelection::all()
            .aggregate_id(one.aggregate_id)
            .aggregate_id(later.aggregate_id),
    ];
    let mut before = Vec::new();
    for filter in &filters {
        let part = read(&store, Cursor::START, Some(one.tenant_id), filter).await;
        assert_eq!((part.events.len(), part.behind), (1, NextPage::HeldUp));
        before.push(part.cursor);
    }
    open.commit().await.unwrap();
    for (filter, before) in filters.iter().zip(before) {
        let part = read(&store, before, Some(one.tenant_id), filter).await;
        let ids = part.events.iter().map(|event| event.aggregate_id);
        let ids: Vec<_> = ids.collect();
        assert_eq!(ids, [one.aggregate_id, later.aggregate_id]);
        assert_eq!(part.behind, NextPage::End);
    }
}
