//! Appends that carry a row of an inline model, beside the same appends without one.

use intent_runtime::{
    Version,
    read_model::{Cell, Column, ColumnKind},
    store::{
        StreamId,
        tables::{Builds as _, InlineRow, Table},
    },
};

use super::{heading, in_turn, line, place::Place, writers};

const SECONDS: u64 = 3;
const ROUNDS: usize = 5;
const WRITERS: [usize; 3] = [1, 8, 32];

/// A row as a screen has it: two texts, a number that is found by, and a time.
static TABLE: Table = Table::new(
    "bench_rows",
    1,
    &[
        Column::new("account", ColumnKind::Id).key(),
        Column::new("owner", ColumnKind::Text),
        Column::new("branch", ColumnKind::Text),
        Column::new("balance", ColumnKind::Integer),
        Column::new("deposits", ColumnKind::Integer),
    ],
)
.inline();

pub async fn report(place: &Place) {
    heading("append with one row, events/s", "without");
    for writers in WRITERS {
        let database = place.database().await;
        database.may_keep_read_models().await;
        let store = database.store().await;
        store.prepare(&TABLE).await.unwrap();
        let with = async || {
            database.clear().await;
            writers::rate_with(row, &store, writers, SECONDS).await
        };
        let without = async || {
            database.clear().await;
            writers::rate(&store, writers, SECONDS).await
        };
        let rates = in_turn(ROUNDS, with, without).await;
        line(&format!("{writers} writers"), rates);
    }
}

fn row(stream: &StreamId, version: Version) -> Vec<InlineRow> {
    let count = Cell::Integer(version.get().cast_signed());
    let text = |text: &str| Cell::Text(text.to_owned());
    let id = Cell::Id(stream.aggregate_id.as_uuid());
    let cells = vec![
        id,
        text("Ada Lovelace"),
        text("Eindhoven"),
        count.clone(),
        count,
    ];
    vec![InlineRow::new(&TABLE, stream, version, Some(cells))]
}
