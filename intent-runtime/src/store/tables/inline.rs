//! The tables of inline read models: each row belongs to one stream, and is written with the events that change it.
//!
//! Such a table has three columns more: up to which version of its stream a row was made, whether there is no row, and which build
//! made it. A stream whose events leave no row has a line all the same, without values, so that it is known how far it was read.
//! Readers do not see it, and it takes no unique value.
//!
//! All builds of a version share the table. A rebuild makes row after row anew, while commands go on. It first marks a row: the
//! column `row_build` is then the negative number of the build. From then on, nobody writes the row from what an earlier build made
//! of it. A command that has such a row in memory is refused as if its stream had changed, loads the row again, and folds it anew
//! from the start of its stream, as the worker does. Either of them writes the row with the number of the build.

use std::{collections::HashMap, fmt};

use crate::{
    record::{
        column::{Cell, Column, ColumnKind},
        id::{AggregateId, TenantId},
        stream::StreamId,
        version::Version,
    },
    store::tables::{Key, Row, Table},
};

/// The version of the stream that a row was made from.
const STREAM_VERSION: Column = Column::new("stream_version", ColumnKind::Integer);
/// Whether there is no row.
const REMOVED: Column = Column::new("removed", ColumnKind::Bool);
/// The build that made the row; negative if that build is to make it anew.
pub(crate) const ROW_BUILD: Column = Column::new("row_build", ColumnKind::Integer);
/// The build of a row that was made from the first event on.
pub(crate) const FIRST_BUILD: i64 = 1;

/// A row that is written with the events of an append: see [`Append::rows`](crate::store::Append::rows).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InlineRow {
    /// Its table, of an inline model.
    pub table: &'static Table,
    /// The row, with a cell for each of [`Table::stored_columns`].
    pub row: Row,
}

impl InlineRow {
    /// The row that the events of a stream up to a version make: a cell for each column of the model, or `None` for no row.
    pub fn new(
        table: &'static Table,
        stream: &StreamId,
        version: Version,
        cells: Option<Vec<Cell>>,
    ) -> Self {
        let row = table.stored_row(stream_key(stream), version, cells, FIRST_BUILD);
        Self { table, row }
    }

    /// The same row, which goes on from what a build made.
    #[must_use]
    pub fn made_by(mut self, build: i64) -> Self {
        if let Some(last) = self.row.cells.last_mut() {
            *last = Cell::Integer(build);
        }
        self
    }

    /// About how many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        self.row.bytes()
    }

    /// What is wrong with it in an append to a stream that is at `after` then, if anything.
    pub(crate) fn find_invalid(&self, stream: &StreamId, after: Version) -> Option<&'static str> {
        let cells = &self.row.cells;
        let id = Cell::Id(stream.aggregate_id.as_uuid());
        if !self.table.inline {
            return Some("its table is not one of an inline model");
        }
        if self.row.tenant != stream.tenant_id || cells.first() != Some(&id) {
            return Some("it is the row of another stream");
        }
        if cells.len() != self.table.columns.len() + 3 {
            return Some("it has not one cell for each column");
        }
        match self.table.made_from(cells) {
            Some(version) if version == after => None,
            _ => Some("it is made from another version of the stream"),
        }
    }
}

/// Two rows of one tenant that have one value where no two rows have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The tenant.
    pub tenant: TenantId,
    /// The column.
    pub column: &'static str,
    /// The row that cannot be written.
    pub row: AggregateId,
    /// The row that has the value.
    pub other: AggregateId,
}

impl Duplicate {
    /// Two rows of a tenant with one value in a column.
    pub const fn new(
        tenant: TenantId,
        column: &'static str,
        row: AggregateId,
        other: AggregateId,
    ) -> Self {
        Self {
            tenant,
            column,
            row,
            other,
        }
    }

    /// Two of these rows with one value in a unique column.
    pub(crate) fn among(table: &Table, rows: &[Row]) -> Option<Self> {
        for (place, column) in table.unique() {
            let mut seen: HashMap<(TenantId, String), AggregateId> = HashMap::new();
            for row in rows {
                let (Some(id), Some(value)) = (id_of(row), row.cells.get(place)) else {
                    continue;
                };
                if *value == Cell::Null {
                    continue;
                }
                let value = (row.tenant, format!("{value:?}"));
                if let Some(other) = seen.insert(value, id) {
                    return Some(Self::new(row.tenant, column.name, id, other));
                }
            }
        }
        None
    }
}

impl fmt::Display for Duplicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            column, row, other, ..
        } = self;
        write!(
            f,
            "{row} and {other} have the same `{column}`, which is unique"
        )
    }
}

/// The id of the stream that a row of an inline model belongs to.
pub(crate) fn id_of(row: &Row) -> Option<AggregateId> {
    match row.cells.first()? {
        Cell::Id(id) => Some(AggregateId::from_uuid(*id)),
        _ => None,
    }
}

/// The key of the row of a stream.
pub(crate) fn stream_key(stream: &StreamId) -> Key {
    row_key(stream.tenant_id, Cell::Id(stream.aggregate_id.as_uuid()))
}

fn row_key(tenant: TenantId, id: Cell) -> Key {
    Key::new(tenant, vec![id])
}

impl Table {
    /// The columns that its rows are stored with: those of the model, and of an inline model three more, `stream_version`,
    /// `removed` and `row_build`.
    pub fn stored_columns(&self) -> Vec<Column> {
        if !self.inline {
            return self.columns.to_vec();
        }
        // Without a row they are empty.
        let columns = self.columns.iter().map(|column| match column.key {
            true => *column,
            false => column.nullable(true),
        });
        columns
            .chain([STREAM_VERSION, REMOVED, ROW_BUILD])
            .collect()
    }

    /// The row of an inline model as it is stored: made from the events up to a version, or no row.
    pub(crate) fn stored_row(
        &self,
        key: Key,
        version: Version,
        cells: Option<Vec<Cell>>,
        build: i64,
    ) -> Row {
        let removed = cells.is_none();
        let mut stored = cells.unwrap_or(key.cells);
        stored.resize(self.columns.len(), Cell::Null);
        let version = i64::try_from(version.get()).unwrap_or(i64::MAX);
        stored.extend([
            Cell::Integer(version),
            Cell::Bool(removed),
            Cell::Integer(build),
        ]);
        Row::new(key.tenant, stored)
    }

    /// The version of the stream that a stored row of an inline model was made from.
    pub(crate) fn made_from(&self, stored: &[Cell]) -> Option<Version> {
        match stored.get(self.columns.len())? {
            Cell::Integer(version) => u64::try_from(*version).ok().map(Version::new),
            _ => None,
        }
    }

    /// The build that made a stored row of an inline model; negative if that build is to make it anew.
    pub(crate) fn made_by(&self, stored: &[Cell]) -> i64 {
        match stored.get(self.columns.len() + 2) {
            Some(Cell::Integer(build)) => *build,
            _ => FIRST_BUILD,
        }
    }

    /// The cells of the model in a stored row. `None` if an inline model has no row.
    pub(crate) fn visible(&self, mut stored: Vec<Cell>) -> Option<Vec<Cell>> {
        if self.inline && stored.get(self.columns.len() + 1) == Some(&Cell::Bool(true)) {
            return None;
        }
        stored.truncate(self.columns.len());
        Some(stored)
    }
}

impl Table {
    /// The name of the unique index on a column, without what the store puts before names.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn unique_index(&self, column: usize) -> String {
        format!(
            "{}__u{column}",
            crate::store::tables::builds::Build::new(self, 1).worker()
        )
    }

    /// The columns whose values no two rows of a tenant share, each with its place.
    pub(crate) fn unique(&self) -> impl Iterator<Item = (usize, &'static Column)> + use<> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| column.unique)
    }
}
