//! S21: what workers write, and how one keeps another from writing. A store without tables is excused.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    record::{
        column::Cell,
        cursor::Cursor,
        id::{CommandId, EventId, TenantId},
        timestamp::Timestamp,
        version::Position,
    },
    store::{
        conformance::{
            Subject,
            fixture::new_tenant,
            worker::{LONG, TABLE, Worker, claimed, key, read, row, row_of},
        },
        tables::{Flush, LastEvent, Lease, Parked, Row},
    },
};

const TENANT: TenantId = TenantId::DEFAULT;

fn event() -> EventId {
    EventId::of(CommandId::new(), 0)
}

/// R2: nobody else has a lease that one holds, and one renews its own.
pub(super) async fn a_lease_belongs_to_one_owner(store: Subject) {
    let Some(one) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let other = claimed(one.tables, &one.name, Uuid::now_v7(), LONG).await;
    assert_eq!(other, None, "the lease is held");
    assert_eq!(one.claims().await, Some(one.lease), "renewed, not changed");
    let state = one.state().await;
    let held = (state.holder, state.epoch);
    assert_eq!(held, (Some(one.owner), one.lease.epoch));
}

/// R2: a lease that was given back is free at once, and only its holder gives it back.
pub(super) async fn a_lease_given_back_is_free(store: Subject) {
    let Some(mut one) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let first = one.lease;
    one.gives_back().await;
    let given = one.claims().await.expect("it was given back");
    assert_eq!(given.epoch, first.epoch + 1, "it was given anew");
    // Late words of the earlier lease, and those of others.
    one.gives_back().await;
    one.lease = given;
    let stranger = one.tables.release(&one.name, given, Uuid::now_v7()).await;
    stranger.expect("a release of no lease is answered");
    let state = one.state().await;
    let held = (state.holder, state.epoch);
    assert_eq!(
        held,
        (Some(one.owner), given.epoch),
        "its holder did not give it back"
    );
}

/// R2: a lease whose time is over goes to who asks, with the checkpoint.
pub(super) async fn a_lease_that_ran_out_is_taken_over(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    worker.puts(1, &[row(1, 1)]).await;
    let short = claimed(worker.tables, &worker.name, worker.owner, Duration::ZERO).await;
    let short = short.expect("its holder may shorten it");
    worker.waits_for_lease(Uuid::now_v7()).await;
    let taken = (worker.lease.epoch, worker.lease.cursor);
    assert_eq!(taken, (short.epoch + 1, worker.at(1)));
    worker.puts(2, &[row(1, 2)]).await;
    assert_eq!(worker.counts(TENANT, &[1]).await, [2]);
}

/// R1, R2: who had the lease before writes nothing.
pub(super) async fn an_earlier_lease_writes_nothing(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    worker.puts(1, &[row(1, 1)]).await;
    let earlier = worker.lease;
    worker.gives_back().await;
    let given = worker.claims().await.expect("it was given back");
    assert_eq!(given.cursor, earlier.cursor, "only the epoch is another");
    let rows = [row(1, 2)];
    let written = worker.is_written(worker.flush(2).put(&rows)).await;
    assert!(!written, "the lease is an earlier one");
    assert_eq!(worker.counts(TENANT, &[1]).await, [1]);
    assert_eq!(worker.state().await.cursor, worker.at(1));
}

/// R1, R2: who does not hold the lease writes nothing.
pub(super) async fn another_owner_writes_nothing(store: Subject) {
    let Some(worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let rows = [row(1, 1)];
    let mut flush = worker.flush(1).put(&rows);
    flush.owner = Uuid::now_v7();
    assert!(!worker.is_written(flush).await, "another owner holds it");
    assert_eq!(worker.counts(TENANT, &[1]).await, [] as [i64; 0]);
    assert_eq!(worker.state().await.cursor, Cursor::START);
}

/// R1: who wrote another checkpoint last than the store has writes nothing: a crash of the server took that write back.
pub(super) async fn a_write_that_was_lost_is_found(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    worker.puts(1, &[row(1, 1)]).await;
    let rows = [row(1, 3)];
    for other in [Cursor::START, worker.at(2)] {
        let lease = Lease {
            cursor: other,
            ..worker.lease
        };
        let flush = worker.flush(3).put(&rows);
        let written = worker.is_written(Flush { lease, ..flush }).await;
        assert!(!written, "the checkpoint is not {other}");
        assert_eq!(worker.counts(TENANT, &[1]).await, [1]);
    }
    assert_eq!(worker.state().await.cursor, worker.at(1));
}

/// R1: rows, checkpoint and what is held back are written together, or nothing of them.
pub(super) async fn rows_and_checkpoint_move_together(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let last = LastEvent::new(Position::new(1), event());
    let parked = [Parked::new(
        new_tenant(),
        Cursor::START,
        event(),
        "no".into(),
    )];
    // The second row lacks a value, which the database refuses.
    let mut unfit = row(2, 2);
    unfit.cells[1] = Cell::Null;
    let rows = [row(1, 1), unfit];
    let flush = async |worker: &Worker<'_>, rows: &[Row]| {
        let flush = Flush {
            last: Some(last),
            park: &parked,
            ..worker.flush(1).put(rows)
        };
        worker.tables.flush(flush).await
    };
    let refused = flush(&worker, &rows).await;
    refused.expect_err("a row without a value that it must have is refused");
    let state = worker.state().await;
    assert_eq!((state.cursor, state.parked), (Cursor::START, 0));
    assert_eq!(worker.counts(TENANT, &[1, 2]).await, [] as [i64; 0]);

    let written = flush(&worker, &rows[..1]).await;
    assert!(written.expect("the rows fit"), "the lease is held");
    let state = worker.state().await;
    let lease = worker.claims().await.expect("its own lease is renewed");
    let moved = (state.parked, lease.cursor, lease.last);
    assert_eq!(moved, (1, worker.at(1), Some(last)), "all of it");
    assert_eq!(worker.counts(TENANT, &[1, 2]).await, [1]);
    worker.lease = lease;

    // The last event stays, if a flush names no other.
    worker.puts(2, &[row(1, 2)]).await;
    let kept = worker.claims().await.and_then(|lease| lease.last);
    assert_eq!(kept, Some(last));
}

/// R2: names of events are noted by one at a time, and who knows others writes nothing.
pub(super) async fn names_heard_are_compared(store: Subject) {
    let Some(worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let hear = async |names, before| {
        let heard = worker.tables.hear(&worker.name, names, before).await;
        heard.expect("names can be noted")
    };
    let heard = async || worker.tables.heard(&worker.name).await.expect("names");
    assert_eq!(heard().await, None, "nothing is noted at first");
    assert!(hear("a", None).await);
    assert!(!hear("b", None).await, "others are noted already");
    assert!(!hear("b", Some("c")).await, "others are noted");
    assert_eq!(heard().await.as_deref(), Some("a"));
    assert!(hear("a\nb", Some("a")).await);
    assert_eq!(heard().await.as_deref(), Some("a\nb"));

    let rows = [row(1, 1)];
    for known in [None, Some("a")] {
        let mut flush = worker.flush(1).put(&rows);
        flush.heard = known;
        let written = worker.is_written(flush).await;
        assert!(!written, "more is heard than {known:?}");
        assert_eq!(worker.state().await.cursor, Cursor::START);
    }
    let mut flush = worker.flush(1).put(&rows);
    flush.heard = Some("a\nb");
    assert!(worker.is_written(flush).await, "all of it is known");
}

/// R3: tenants are held back as it was said last, and no longer when they go on.
pub(super) async fn tenants_that_are_held_back_are_known(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let parked = |tenant, after, reason: &str| Parked::new(tenant, after, event(), reason.into());
    let known = async |worker: &Worker<'_>| {
        let parked = worker.tables.parked(&worker.name).await;
        let mut parked = parked.expect("it is known who is held back");
        parked.sort_by_key(|parked| parked.tenant.as_uuid());
        parked.iter_mut().for_each(|parked| parked.since = None);
        assert_eq!(worker.state().await.parked, parked.len() as u64);
        parked
    };
    let two = [
        parked(new_tenant(), Cursor::START, "overflow"),
        parked(new_tenant(), worker.at(1), "\"quoted\" — and more"),
    ];
    let flush = worker.flush(2);
    assert!(
        worker
            .is_written(Flush {
                park: &two,
                ..flush
            })
            .await
    );
    worker.lease.cursor = worker.at(2);
    assert_eq!(known(&worker).await, two);

    // The first goes on for a while, and meets another event.
    let later = [parked(two[0].tenant, worker.at(2), "a later one")];
    let flush = worker.flush(3);
    assert!(
        worker
            .is_written(Flush {
                park: &later,
                ..flush
            })
            .await
    );
    worker.lease.cursor = worker.at(3);
    let [later] = later;
    let [_, second] = two;
    assert_eq!(known(&worker).await, [later.clone(), second.clone()]);

    let on = [later.tenant];
    let flush = worker.flush(4);
    assert!(
        worker
            .is_written(Flush {
                resume: &on,
                ..flush
            })
            .await
    );
    assert_eq!(known(&worker).await, [second]);
}

/// R1: rows that a worker removes are gone, and no others.
pub(super) async fn removed_rows_are_gone(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let rows: Vec<Row> = (1..=4).map(|id| row(id, 1)).collect();
    worker.puts(1, &rows).await;
    let gone = [key(TENANT, 2), key(TENANT, 4), key(TENANT, 5)];
    let rows = [row(3, 2)];
    let flush = worker.flush(2).put(&rows);
    assert!(
        worker
            .is_written(Flush {
                gone: &gone,
                ..flush
            })
            .await
    );
    worker.lease.cursor = worker.at(2);
    assert_eq!(worker.counts(TENANT, &[1, 2, 3, 4, 5]).await, [1, 2]);
    // One may come again.
    worker.puts(3, &[row(2, 7)]).await;
    assert_eq!(worker.counts(TENANT, &[2]).await, [7]);
}

/// R6: a row of one tenant is no row of another, though their keys are the same.
pub(super) async fn rows_stay_in_their_tenants(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let [one, other] = [new_tenant(), new_tenant()];
    let rows = [row_of(one, 1, 1), row_of(other, 1, 2), row_of(other, 2, 3)];
    worker.puts(1, &rows).await;
    worker.is_published(1).await;
    assert_eq!(worker.counts(one, &[1, 2]).await, [1]);
    assert_eq!(worker.counts(other, &[1, 2]).await, [2, 3]);
    assert_eq!(read(worker.tables, &TABLE, one).await, [1]);
    assert_eq!(read(worker.tables, &TABLE, other).await, [2, 3]);
    assert_eq!(
        read(worker.tables, &TABLE, new_tenant()).await,
        [] as [i64; 0]
    );
    let gone = [key(one, 1)];
    let flush = worker.flush(2);
    assert!(
        worker
            .is_written(Flush {
                gone: &gone,
                ..flush
            })
            .await
    );
    assert_eq!(worker.counts(one, &[1]).await, [] as [i64; 0]);
    assert_eq!(worker.counts(other, &[1, 2]).await, [2, 3]);
}

/// R9: what is written is read back, whatever a column can hold.
pub(super) async fn rows_are_read_back_as_they_were_written(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let micros = Timestamp::from_micros(946_684_800_000_001).expect("a time of our calendar");
    let cells = |id: u128, count, share, open, seen, name: &str, note: Cell| {
        let name = Cell::Text(name.to_owned());
        let (id, tags) = (Cell::Id(Uuid::from_u128(id)), r#"{"a": [1, "b"]}"#);
        let (count, share) = (Cell::Integer(count), Cell::Float(share));
        let (open, seen) = (Cell::Bool(open), Cell::Time(seen));
        let cells = vec![
            id,
            name,
            count,
            share,
            open,
            seen,
            Cell::Json(tags.into()),
            note,
        ];
        Row::new(TENANT, cells)
    };
    let (third, text) = (1.0 / 3.0, Cell::Text("'; --".into()));
    let rows = [
        cells(1, i64::MIN, third, true, micros, "ä😀\n\\", Cell::Null),
        cells(2, i64::MAX, f64::MAX, false, Timestamp::MAX, "", text),
        cells(
            3,
            0,
            f64::MIN_POSITIVE,
            true,
            Timestamp::MIN,
            "{}",
            Cell::Null,
        ),
    ];
    worker.puts(1, &rows).await;
    for row in &rows {
        let keys = [Row::new(TENANT, row.cells[..1].to_vec())];
        let read = worker.tables.load(worker.build, &keys).await;
        assert_eq!(read.expect("rows are loaded"), std::slice::from_ref(row));
    }
}

/// R8: as many rows as a worker may have at once are written at once, loaded at once and removed at once.
pub(super) async fn many_rows_are_written_at_once(store: Subject) {
    const ROWS: u128 = 4_000;
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let rows: Vec<Row> = (0..ROWS).map(|id| row(id, 1)).collect();
    worker.puts(1, &rows).await;
    let ids: Vec<u128> = (0..ROWS + 10).collect();
    let there = async |worker: &Worker<'_>| worker.counts(TENANT, &ids).await.len() as u128;
    assert_eq!(there(&worker).await, ROWS, "all of them, and no others");
    let gone: Vec<_> = (1..ROWS).map(|id| key(TENANT, id)).collect();
    let flush = worker.flush(2);
    assert!(
        worker
            .is_written(Flush {
                gone: &gone,
                ..flush
            })
            .await
    );
    assert_eq!(there(&worker).await, 1, "all but one are removed");
}

/// R7: a worker that is paused has no lease and writes nothing, until it goes on.
pub(super) async fn a_paused_worker_writes_nothing(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    worker.puts(1, &[row(1, 1)]).await;
    let pause = async |paused| {
        let done = worker.tables.pause(&TABLE, paused).await;
        done.expect("workers can be paused");
    };
    pause(true).await;
    let since = worker.state().await.paused;
    assert!(since.is_some(), "it is known");
    let rows = [row(1, 2)];
    let written = worker.is_written(worker.flush(2).put(&rows)).await;
    assert!(!written, "it is paused");
    assert_eq!(worker.claims().await, None, "it is paused");
    pause(true).await;
    assert_eq!(worker.state().await.paused, since, "it is paused already");
    pause(false).await;
    assert_eq!(worker.state().await.paused, None);
    let lease = worker.claims().await.expect("it goes on");
    assert_eq!(lease.cursor, worker.at(1));
    worker.lease = lease;
    worker.puts(2, &rows).await;
    assert_eq!(worker.counts(TENANT, &[1]).await, [2]);
}

/// R7: why a worker cannot go on is known until it writes again, and said by nobody while another one does the work.
pub(super) async fn why_a_worker_fails_is_known(store: Subject) {
    let Some(mut worker) = Worker::of(&store, &TABLE).await else {
        return;
    };
    let note = async |owner, reason| {
        let noted = worker
            .tables
            .note_failure(&worker.name, owner, reason)
            .await;
        noted.expect("a failure is noted");
    };
    note(worker.owner, "no table").await;
    assert_eq!(worker.state().await.failure.as_deref(), Some("no table"));
    note(Uuid::now_v7(), "somebody else's").await;
    assert_eq!(worker.state().await.failure.as_deref(), Some("no table"));
    worker.puts(1, &[]).await;
    assert_eq!(worker.state().await.failure, None, "it goes on");
}
