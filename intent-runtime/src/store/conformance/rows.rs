//! S20: rows that ride along with an append. A store without tables is excused.

use tokio::task::JoinSet;

use crate::{
    record::{
        column::{Cell, Column, ColumnKind},
        stream::StreamId,
        version::Version,
    },
    store::{
        append::{Append, Appended, Expect},
        conformance::{
            Subject,
            fixture::{append, in_new_tenant, load, new_stream, stored, stored_in},
        },
        error::StoreError,
        port::{Streams, Transact},
        tables::{
            Table,
            inline::{InlineRow, stream_key},
        },
    },
};

static ROWS: Table = Table::new(
    "conformance",
    1,
    &[
        Column::new("id", ColumnKind::Id).key(),
        Column::new("name", ColumnKind::Text).unique(),
        Column::new("count", ColumnKind::Integer),
    ],
)
.inline();

/// A table in which two columns have values of their own.
static TWO: Table = Table::new(
    "conformance_of_two",
    1,
    &[
        Column::new("id", ColumnKind::Id).key(),
        Column::new("first", ColumnKind::Text).unique(),
        Column::new("second", ColumnKind::Text).unique(),
    ],
)
.inline();

/// Whether the store has tables. Then those of these rules are ready.
async fn is_prepared(store: &Subject) -> bool {
    let Some(tables) = store.tables() else {
        return false;
    };
    for table in [&ROWS, &TWO] {
        let prepared = tables.prepare(table).await;
        prepared.expect("a table is made");
    }
    true
}

/// An append of so many events behind a version, with the row after them: its name, or none.
fn with_row(stream: &StreamId, at: u64, events: usize, name: Option<&str>) -> Append {
    let expect = Expect::Version(Version::new(at));
    let after = Version::new(at + u64::try_from(events).unwrap_or(0));
    let cells = name.map(|name| {
        let id = Cell::Id(stream.aggregate_id.as_uuid());
        let count = Cell::Integer(after.get().cast_signed());
        vec![id, Cell::Text(name.to_owned()), count]
    });
    Append {
        rows: vec![InlineRow::new(&ROWS, stream, after, cells)],
        ..append(stream, expect, &vec!["1"; events])
    }
}

/// The row of a stream: the version that it is made from, and its name.
async fn row(streams: &dyn Streams, stream: &StreamId) -> Option<(u64, Option<String>)> {
    let rows = streams.load_rows(&ROWS, &[stream_key(stream)]).await;
    let mut rows = rows.expect("rows are loaded");
    assert!(rows.len() <= 1, "a stream has one row at most");
    let cells = rows.pop()?.cells;
    let version = ROWS.made_from(&cells).expect("a row has its version");
    let name = ROWS.visible(cells).map(|cells| match &cells[1] {
        Cell::Text(name) => name.clone(),
        other => panic!("a name is a text, not {other:?}"),
    });
    Some((version.get(), name))
}

fn some(version: u64, name: Option<&str>) -> Option<(u64, Option<String>)> {
    Some((version, name.map(str::to_owned)))
}

/// S1, S20: the rows of an append are written with its events, or not at all.
pub(super) async fn rows_ride_along_or_not_at_all(store: Subject) {
    if !is_prepared(&store).await {
        return;
    }
    let stream = new_stream();
    assert_eq!(row(&*store, &stream).await, None, "nothing is there yet");
    stored(&store, with_row(&stream, 0, 2, Some("a"))).await;
    assert_eq!(row(&*store, &stream).await, some(2, Some("a")));
    for refused in [
        with_row(&stream, 0, 3, Some("b")),
        with_row(&stream, 1, 2, None),
    ] {
        let refused = store.append(refused).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict { .. })),
            "an append behind another version is a conflict, not {refused:?}"
        );
        let kept = row(&*store, &stream).await;
        assert_eq!(kept, some(2, Some("a")), "after an append that was refused");
    }
    let sent = with_row(&stream, 2, 3, None);
    stored(&store, sent.clone()).await;
    assert_eq!(
        row(&*store, &stream).await,
        some(5, None),
        "the row is gone"
    );
    stored(&store, with_row(&stream, 5, 2, Some("c"))).await;
    let again = store.append(sent).await;
    assert!(matches!(again, Ok(Appended::Before(_))), "{again:?}");
    let kept = row(&*store, &stream).await;
    assert_eq!(
        kept,
        some(7, Some("c")),
        "after a command that was sent again"
    );
}

/// S20: of appends that want one value at once, one is stored, and so are all that want another.
pub(super) async fn a_unique_value_belongs_to_one_row(store: Subject) {
    if !is_prepared(&store).await {
        return;
    }
    let mut racing = JoinSet::new();
    for racer in 0..12 {
        let store = store.clone();
        racing.spawn(async move {
            let stream = new_stream();
            let name = if racer < 4 {
                "wanted".to_owned()
            } else {
                format!("own {racer}")
            };
            let sent = store.append(with_row(&stream, 0, 1, Some(&name))).await;
            (racer < 4, stream, sent)
        });
    }
    let mut winners = Vec::new();
    for (is_wanted, stream, sent) in racing.join_all().await {
        match sent {
            Ok(Appended::Stored { .. }) if is_wanted => winners.push(stream),
            Ok(Appended::Stored { .. }) => {}
            Err(StoreError::Taken {
                model: "conformance",
                field: "name",
                ..
            }) if is_wanted => {
                assert_eq!(load(&store, &stream).await.versions(), [] as [u64; 0]);
                assert_eq!(row(&*store, &stream).await, None, "nothing of it is stored");
            }
            other => {
                panic!("only those that want the same may be refused, and as taken: {other:?}")
            }
        }
    }
    let [winner] = &*winners else {
        panic!("one of four has the value, not {}", winners.len());
    };
    // A value is free again when its row gives it up, and free in other tenants.
    stored(&store, with_row(&in_new_tenant(), 0, 1, Some("wanted"))).await;
    stored(&store, with_row(winner, 1, 1, None)).await;
    stored(&store, with_row(&new_stream(), 0, 1, Some("wanted"))).await;
    let late = store.append(with_row(winner, 2, 1, Some("wanted"))).await;
    assert!(matches!(late, Err(StoreError::Taken { .. })), "{late:?}");
}

/// S19, S20: rows of a transaction are seen in it at once, and outside when it commits.
pub(super) async fn rows_are_part_of_a_transaction(store: Subject) {
    if !is_prepared(&store).await {
        return;
    }
    let Some(transact) = store.transact() else {
        return;
    };
    for commits in [false, true] {
        let stream = new_stream();
        let begun = transact.begin().await.expect("a transaction begins");
        stored_in(&*begun, with_row(&stream, 0, 1, Some("a"))).await;
        let second = begun.append(with_row(&new_stream(), 0, 1, Some("a"))).await;
        assert!(
            matches!(second, Err(StoreError::Taken { .. })),
            "{second:?}"
        );
        stored_in(&*begun, with_row(&stream, 1, 1, Some("b"))).await;
        stored_in(&*begun, with_row(&new_stream(), 0, 1, Some("a"))).await;
        assert_eq!(
            row(&*begun, &stream).await,
            some(2, Some("b")),
            "in the transaction"
        );
        assert_eq!(row(&*store, &stream).await, None, "outside of it");
        match commits {
            true => begun.commit().await,
            false => begun.rollback().await,
        }
        .expect("a transaction ends");
        let expected = if commits { some(2, Some("b")) } else { None };
        assert_eq!(row(&*store, &stream).await, expected, "after its end");
    }
    values_in_a_transaction(&store, transact).await;
}

/// An append of an event behind a version, with a row of two values.
fn with_two(stream: &StreamId, at: u64, first: &str, second: &str) -> Append {
    let expect = Expect::Version(Version::new(at));
    let values = [first, second].map(|value| Cell::Text(value.to_owned()));
    let [first, second] = values;
    let cells = vec![Cell::Id(stream.aggregate_id.as_uuid()), first, second];
    let row = InlineRow::new(&TWO, stream, Version::new(at + 1), Some(cells));
    Append {
        rows: vec![row],
        ..append(stream, expect, &["1"])
    }
}

/// Makes sure that a value that is taken is named, if it is refused at all: another rule is about that.
async fn assert_named(streams: &dyn Streams, append: Append, expected: &str) {
    if let Err(StoreError::Taken { field, .. }) = streams.append(append).await {
        assert_eq!(field, expected, "the first value that is taken is named");
    }
}

/// S20: if several values of a row are taken, the first column of them is named.
pub(super) async fn the_first_value_that_is_taken_is_named(store: Subject) {
    if !is_prepared(&store).await {
        return;
    }
    stored(&store, with_two(&new_stream(), 0, "a", "b")).await;
    stored(&store, with_two(&new_stream(), 0, "c", "d")).await;
    for (first, second, expected) in [
        ("a", "d", "first"),
        ("c", "b", "first"),
        ("e", "d", "second"),
    ] {
        assert_named(&*store, with_two(&new_stream(), 0, first, second), expected).await;
    }
}

/// A value that a row gave up in the transaction is free there, and the other values of that row are not.
async fn values_in_a_transaction(store: &Subject, transact: &dyn Transact) {
    let ada = new_stream();
    let new = |first, second| with_two(&new_stream(), 0, first, second);
    stored(store, with_two(&ada, 0, "a", "b")).await;
    stored(store, new("c", "d")).await;
    let begun = transact.begin().await.expect("a transaction begins");
    stored_in(&*begun, with_two(&ada, 1, "e", "f")).await;
    for (first, second, expected) in [
        ("a", "d", "second"),
        ("c", "f", "first"),
        ("e", "d", "first"),
        ("b", "f", "second"),
    ] {
        match begun.append(new(first, second)).await {
            Err(StoreError::Taken { field, .. }) => assert_eq!(field, expected),
            other => panic!("`{expected}` is taken, not {other:?}"),
        }
    }
    stored_in(&*begun, new("a", "b")).await;
    begun.rollback().await.expect("a transaction ends");
}
