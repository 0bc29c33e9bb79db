//! S21: how rows are made anew beside those that are read. A store without tables is excused.

use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use crate::{
    record::{
        column::{Column, ColumnKind},
        cursor::Cursor,
        id::{CommandId, EventId, TenantId},
    },
    store::{
        conformance::{
            Subject,
            fixture::new_tenant,
            worker::{NEXT, TABLE, Worker, read, row},
        },
        tables::{
            Flush, Parked, Table,
            builds::{Build, Published, SkipEvent},
        },
    },
};

const TENANT: TenantId = TenantId::DEFAULT;

/// R4: only who holds the lease lets a build begin, and only before it has rows.
pub(super) async fn a_build_begins_once(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let begin = async |worker: &Worker<'_>, owner| {
        let begun = worker.tables.begin(worker.build, worker.lease, owner).await;
        begun.expect("it is answered whether a build begins")
    };
    assert!(
        !begin(&worker, Uuid::now_v7()).await,
        "another one holds it"
    );
    worker.puts(1, &[row(1, 1)]).await;
    assert!(!begin(&worker, worker.owner).await, "it has begun");
    assert_eq!(worker.counts(TENANT, &[1]).await, [1], "its rows stay");
}

/// R4: readers have the rows of one build or those of the other, whole, and the new ones from its publishing on.
pub(super) async fn a_build_is_published_at_once(store: Subject) {
    let Some(mut old) = Worker::of(&store, &TABLE).await else {
        return;
    };
    old.puts(1, &[row(1, 1), row(2, 1), row(3, 1)]).await;
    old.is_published(1).await;
    let mut new = old.rebuilding(&store).await;
    let is_over = AtomicBool::new(false);
    let reading = async {
        let mut seen = Vec::new();
        while !is_over.load(Ordering::Relaxed) {
            let rows = read(old.tables, &TABLE, TENANT).await;
            if seen.last() != Some(&rows) {
                seen.push(rows);
            }
            tokio::task::yield_now().await;
        }
        seen
    };
    let writing = async {
        for (to, id) in [(1, 1), (2, 2), (3, 3), (4, 4)] {
            new.puts(to, &[row(id, 2)]).await;
            let before = read(new.tables, &TABLE, TENANT).await;
            assert_eq!(before, [1, 1, 1], "the new rows are not read yet");
        }
        new.is_published(4).await;
        let after = read(new.tables, &TABLE, TENANT).await;
        assert_eq!(after, [2, 2, 2, 2], "the new rows are read");
        is_over.store(true, Ordering::Relaxed);
    };
    let (seen, ()) = tokio::join!(reading, writing);
    for rows in seen {
        let is_whole = rows == [1, 1, 1] || rows == [2, 2, 2, 2];
        assert!(is_whole, "a reader has one build or the other: {rows:?}");
    }
    let builds = new.tables.builds(Some(&TABLE)).await.expect("builds");
    let builds: Vec<_> = builds.iter().map(|it| (it.number, it.published)).collect();
    assert_eq!(builds, [(2, true)], "the earlier build is no more");
}

/// R4: who lost the lease, or a write, publishes nothing.
pub(super) async fn who_lost_the_lease_publishes_nothing(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    worker.puts(1, &[row(1, 1)]).await;
    let good = worker.publish(1);
    let mut other_owner = good;
    other_owner.owner = Uuid::now_v7();
    let mut earlier = good;
    earlier.lease.epoch -= 1;
    let mut other_write = good;
    other_write.lease.cursor = Cursor::START;
    for wrong in [other_owner, earlier, other_write] {
        let published = worker.tables.publish(wrong).await;
        assert!(matches!(published, Ok(Published::Lost)), "{published:?}");
        assert!(!worker.state().await.published);
    }
    worker.is_published(1).await;
    assert!(worker.state().await.published);
    assert_eq!(read(worker.tables, &TABLE, TENANT).await, [1]);
}

/// R4: a build that is behind the one that is read is not published: readers would miss what they have seen.
pub(super) async fn a_build_that_is_behind_waits(store: Subject) {
    let Some(mut old) = Worker::of(&store, &TABLE).await else {
        return;
    };
    old.puts(5, &[row(1, 1)]).await;
    old.is_published(5).await;
    let mut new = old.rebuilding(&store).await;
    new.puts(4, &[row(1, 2)]).await;
    let published = new.tables.publish(new.publish(5)).await;
    assert!(matches!(published, Ok(Published::Behind)), "{published:?}");
    assert_eq!(read(new.tables, &TABLE, TENANT).await, [1]);
    // The worker of the build that is read goes on meanwhile.
    old.puts(6, &[row(1, 3)]).await;
    assert_eq!(read(new.tables, &TABLE, TENANT).await, [3]);
    new.puts(6, &[row(1, 4)]).await;
    new.is_published(6).await;
    assert_eq!(read(new.tables, &TABLE, TENANT).await, [4]);
}

/// R4: another rebuild takes the place of one that is not published, whose worker writes no more.
pub(super) async fn a_rebuild_is_given_up_for_a_later_one(store: Subject) {
    let Some(mut old) = Worker::of(&store, &TABLE).await else {
        return;
    };
    old.puts(1, &[row(1, 1)]).await;
    old.is_published(1).await;
    let mut given_up = old.rebuilding(&store).await;
    given_up.puts(1, &[row(1, 2)]).await;
    let number = old.tables.rebuild(&TABLE).await.expect("it is noted");
    assert!(
        number > given_up.build.number,
        "a build has its own number, not {number} again"
    );
    let rows = [row(1, 3)];
    let written = given_up.is_written(given_up.flush(2).put(&rows)).await;
    assert!(!written, "its build is no more");
    assert_eq!(given_up.claims().await, None, "its build is no more");
    let published = given_up.tables.publish(given_up.publish(1)).await;
    assert!(matches!(published, Ok(Published::Lost)), "{published:?}");
    assert_eq!(read(old.tables, &TABLE, TENANT).await, [1]);
    old.puts(2, &[row(1, 4)]).await;
    assert_eq!(read(old.tables, &TABLE, TENANT).await, [4]);
}

/// R4: each version has builds and readers of its own.
pub(super) async fn each_version_has_its_own_rows(store: Subject) {
    let Some(mut old) = Worker::of(&store, &TABLE).await else {
        return;
    };
    old.puts(1, &[row(1, 1)]).await;
    old.is_published(1).await;
    let tables = old.tables;
    let mut new = Worker::of(&store, &NEXT).await.expect("it has tables");
    tables.enlist(&NEXT).await.expect("it is noted already");
    new.puts(1, &[row(1, 2)]).await;
    new.is_published(1).await;
    old.puts(2, &[row(1, 3)]).await;
    assert_eq!(read(tables, &TABLE, TENANT).await, [3]);
    assert_eq!(read(tables, &NEXT, TENANT).await, [2]);
    let all = tables.builds(None).await.expect("builds");
    let all: Vec<_> = all.iter().map(|it| (it.version, it.number)).collect();
    assert_eq!(all, [(1, 1), (2, 1)]);
}

/// R3: an event that a version leaves out is left out by its later builds, so that a view equals its rebuild.
pub(super) async fn a_skip_holds_in_later_builds(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let (tenant, event) = (new_tenant(), EventId::of(CommandId::new(), 0));
    let tables = worker.tables;
    let skip = async |reason| {
        let skip = SkipEvent::new(event, reason, Some("ada"));
        let skipped = tables.skip(&TABLE, skip).await;
        skipped.expect("it is answered whether an event is left out")
    };
    let known = async |table| {
        let skips = tables
            .skips(table)
            .await
            .expect("what is left out is known");
        let skip = skips
            .into_iter()
            .map(|it| (it.tenant, it.event, it.reason, it.by));
        skip.collect::<Vec<_>>()
    };
    assert!(!skip("nobody waits for it").await);
    assert_eq!(known(&TABLE).await, []);
    let parked = [Parked::new(tenant, Cursor::START, event, "no".into())];
    let flush = worker.flush(1);
    assert!(
        worker
            .is_written(Flush {
                park: &parked,
                ..flush
            })
            .await
    );
    worker.lease.cursor = worker.at(1);
    worker.is_published(1).await;

    assert!(skip("a test").await);
    let expected = [(tenant, event, "a test".to_owned(), Some("ada".to_owned()))];
    assert_eq!(known(&TABLE).await, expected);
    let written = worker.is_written(worker.flush(2)).await;
    assert!(!written, "it has to see what is left out");
    worker.rebuilding(&store).await;
    assert_eq!(known(&TABLE).await, expected, "in a later build");
    assert_eq!(known(&NEXT).await, [], "another version has its own");
}

/// R5: a table that is not there, or lacks a column, is told with what is wrong.
pub(super) async fn a_table_that_differs_is_told(store: Subject) {
    static OTHER: Table = Table::new(
        "conformance_rows",
        1,
        &[
            Column::new("id", ColumnKind::Id).key(),
            Column::new("absent", ColumnKind::Text),
        ],
    );
    let Some(worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let told = async |build: Build<'_>| {
        let drifts = worker
            .tables
            .inspect(build)
            .await
            .expect("a table is looked at");
        drifts.into_iter().map(|it| it.what).collect::<Vec<_>>()
    };
    assert_eq!(told(worker.build).await, [] as [String; 0]);
    let missing = told(Build::new(&TABLE, 9)).await;
    assert!(!missing.is_empty(), "the table of another build is missing");
    let other = told(Build::new(&OTHER, 1)).await;
    let is_named = other.iter().any(|what| what.contains("absent"));
    assert!(is_named, "a column is missing, and named: {other:?}");
}
