//! The rows of inline models that ride along with appends: what is added to a statement for them.
//!
//! A statement without rows is the text that it would be if there were none. Otherwise one step for each table is added, which
//! writes the rows of those requests that are stored.

use crate::store::{
    append::Append,
    postgres::{
        cells::{Given, PgQuery, bind_cells, bind_one},
        tables::DIALECT,
    },
    tables::{Row, Table, inline::InlineRow},
};

/// The tables that appends have rows for, each once.
pub(super) fn tables<'a>(appends: impl Iterator<Item = &'a Append>) -> Vec<&'static Table> {
    let mut tables: Vec<&'static Table> = Vec::new();
    for row in appends.flat_map(|append| &append.rows) {
        if !tables.iter().any(|table| is_one(table, row.table)) {
            tables.push(row.table);
        }
    }
    // One text for one set of tables.
    tables.sort_by_key(|table| (table.name, table.version));
    tables
}

fn is_one(one: &Table, other: &Table) -> bool {
    (one.name, one.version) == (other.name, other.version)
}

/// The steps that write the rows of a batch, behind the parameters up to `last`. Each has an array for the numbers of the requests,
/// and one for each column. The server runs them from the last to the first, so that of the first table comes last: of several values that
/// are taken, that of the first table is named.
pub(super) fn steps(tables: &[&'static Table], last: usize) -> String {
    let mut first = last + 1;
    let mut steps = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let stored = table.stored_columns();
        let given = Given {
            first,
            columns: &stored,
        };
        let (name, columns, writes) = (table.quoted(DIALECT), Table::all(&stored), writes(table));
        let (_, of_given) = columns.split_once(", ").unwrap_or_default();
        let (unnest, cells, replaced) = (
            given.unnest_with("bigint"),
            given.cells(),
            table.on_conflict(),
        );
        steps.push(format!(
            "
, rows_{index} AS (
    INSERT INTO {name} AS kept ({columns})
    SELECT {writes} THEN given.tenant_id END,
           {cells}
    FROM (
        SELECT stored.tenant_id, given.*
        FROM {unnest} AS given (__request, {of_given})
        JOIN request ON request.number = given.__request
        JOIN stored ON stored.tenant_id = request.tenant_id
                   AND stored.aggregate_id = request.aggregate_id
                   AND stored.version = request.actual + request.events
        ORDER BY given.__request
    ) AS given
    {replaced}
)
"
        ));
        first += stored.len() + 1;
    }
    steps.reverse();
    steps.concat()
}

/// What the policies of a table ask for before rows of it are written. A statement sets it for one table after the other, each before
/// the first row of the table.
fn writes(table: &Table) -> String {
    let model = table.name.replace('\'', "''");
    format!("CASE WHEN set_config('intent.worker', '{model}', true) IS NOT NULL")
}

/// Binds the parameters of [`steps`].
pub(super) fn bind_steps<'q>(
    mut query: PgQuery<'q>,
    tables: &[&'static Table],
    appends: impl Iterator<Item = &'q Append> + Clone,
) -> PgQuery<'q> {
    for table in tables {
        let numbered = (1_i64..).zip(appends.clone());
        let rows = numbered.flat_map(|(request, append)| {
            let own = append.rows.iter().filter(|row| is_one(row.table, table));
            own.map(move |row| (request, &row.row))
        });
        let rows: Vec<(i64, &'q Row)> = rows.collect();
        let requests: Vec<i64> = rows.iter().map(|(request, _)| *request).collect();
        let columns = table.stored_columns();
        query = bind_cells(
            query.bind(requests),
            &columns,
            rows.iter().map(|(_, row)| *row),
        );
    }
    query
}

/// The steps that write the rows of a single append of one event, behind the parameters up to `last`. The first parameter is its
/// tenant. They stand in the same order as in [`steps`].
pub(super) fn steps_of_one(rows: &[InlineRow], last: usize) -> String {
    let mut first = last + 1;
    let mut steps = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let stored = row.table.stored_columns();
        let given = Given {
            first,
            columns: &stored,
        };
        let (name, columns, writes) = (
            row.table.quoted(DIALECT),
            Table::all(&stored),
            writes(row.table),
        );
        let (one, replaced) = (given.one(), row.table.on_conflict());
        steps.push(format!(
            "
, rows_{index} AS (
    INSERT INTO {name} AS kept ({columns})
    SELECT {writes} THEN $1 END, {one} FROM stored
    {replaced}
)
"
        ));
        first += stored.len();
    }
    steps.reverse();
    steps.concat()
}

/// Binds the parameters of [`steps_of_one`].
pub(super) fn bind_steps_of_one<'q>(query: PgQuery<'q>, rows: &'q [InlineRow]) -> PgQuery<'q> {
    rows.iter().fold(query, |query, row| {
        bind_one(query, &row.table.stored_columns(), &row.row)
    })
}
