//! Cells of tables as parameters and columns of Postgres.

use sqlx::{
    Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use uuid::Uuid;

use crate::{
    record::{
        column::{Cell, Column, ColumnKind},
        timestamp::Timestamp,
    },
    store::{
        postgres::rows::array,
        tables::{Row, text::quoted},
    },
};

pub(super) fn type_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Bool => "boolean",
        ColumnKind::Integer => "bigint",
        ColumnKind::Float => "double precision",
        ColumnKind::Text => "text",
        ColumnKind::Id => "uuid",
        ColumnKind::Time => "timestamp with time zone",
        ColumnKind::Json => "jsonb",
    }
}

/// Columns as they are read: JSON as text.
pub(super) fn selected(columns: &[Column]) -> String {
    let each = columns.iter().map(|column| match column.kind {
        ColumnKind::Json => format!("{0}::text AS {0}", quoted(column.name)),
        _ => quoted(column.name),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Rows that are given as parameters: an array for the tenants and one for each column.
pub(super) struct Given<'a> {
    /// The number of the first parameter.
    pub(super) first: usize,
    pub(super) columns: &'a [Column],
}

impl Given<'_> {
    pub(super) fn unnest(&self) -> String {
        self.unnest_with("uuid")
    }

    /// The same, with something else than the tenant before each row.
    pub(super) fn unnest_with(&self, first: &str) -> String {
        let types = self.columns.iter().map(|column| given_type(column.kind));
        let arrays = (self.first..)
            .zip(std::iter::once(first).chain(types))
            .map(|(number, of_type)| format!("${number}::{of_type}[]"));
        format!("unnest({})", arrays.collect::<Vec<_>>().join(", "))
    }

    /// The columns of the rows, each of the type of its column.
    pub(super) fn values(&self) -> String {
        format!("tenant_id, {}", self.cells())
    }

    /// The same without the tenant.
    pub(super) fn cells(&self) -> String {
        let each = self
            .columns
            .iter()
            .map(|column| of_column(column.kind, quoted(column.name)));
        each.collect::<Vec<_>>().join(", ")
    }

    /// One row of which each cell is a parameter, without the tenant.
    pub(super) fn one(&self) -> String {
        let numbered = (self.first..).zip(self.columns);
        let each = numbered.map(|(number, column)| {
            let given = format!("${number}::{}", given_type(column.kind));
            of_column(column.kind, given)
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

/// The type of a parameter for a column.
fn given_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Json => "text",
        kind => type_name(kind),
    }
}

fn of_column(kind: ColumnKind, given: String) -> String {
    match kind {
        ColumnKind::Json => format!("{given}::jsonb"),
        _ => given,
    }
}

pub(super) type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

pub(super) fn bind_rows<'q>(
    query: PgQuery<'q>,
    columns: &[Column],
    rows: &'q [Row],
) -> PgQuery<'q> {
    let tenants = query.bind(array(&rows.iter(), |row| row.tenant.as_uuid()));
    bind_cells(tenants, columns, rows.iter())
}

/// Binds what is given for a column: a parameter of its type, which `$how` makes of the value in each cell.
macro_rules! bind_typed {
    ($query:expr, $kind:expr, $how:ident, $given:expr) => {
        match $kind {
            ColumnKind::Bool => bind_typed!(@ $query, $how, $given, bool, Cell::Bool(it) => *it),
            ColumnKind::Integer => bind_typed!(@ $query, $how, $given, i64, Cell::Integer(it) => *it),
            ColumnKind::Float => bind_typed!(@ $query, $how, $given, f64, Cell::Float(it) => *it),
            ColumnKind::Text => bind_typed!(@ $query, $how, $given, &str, Cell::Text(it) => it.as_str()),
            ColumnKind::Json => bind_typed!(@ $query, $how, $given, &str, Cell::Json(it) => it.as_str()),
            ColumnKind::Id => bind_typed!(@ $query, $how, $given, Uuid, Cell::Id(it) => *it),
            ColumnKind::Time => bind_typed!(@ $query, $how, $given, Timestamp, Cell::Time(it) => *it),
        }
    };
    (@ $query:expr, $how:ident, $given:expr, $type:ty, $pattern:pat => $value:expr) => {
        $query.bind($how($given, |cell| -> Option<$type> {
            match cell {
                $pattern => Some($value),
                _ => None,
            }
        }))
    };
}

/// An array of the values in cells.
fn each<'q, T>(
    cells: impl Iterator<Item = Option<&'q Cell>>,
    value: fn(&'q Cell) -> Option<T>,
) -> Vec<Option<T>> {
    cells.map(|cell| value(cell?)).collect()
}

/// Binds an array for each column.
pub(super) fn bind_cells<'q>(
    query: PgQuery<'q>,
    columns: &[Column],
    rows: impl Iterator<Item = &'q Row> + Clone,
) -> PgQuery<'q> {
    let numbered = columns.iter().enumerate();
    numbered.fold(query, |query, (index, column)| {
        let cells = rows.clone().map(|row| row.cells.get(index));
        bind_typed!(query, column.kind, each, cells)
    })
}

/// Binds a parameter for each column.
pub(super) fn bind_one<'q>(query: PgQuery<'q>, columns: &[Column], row: &'q Row) -> PgQuery<'q> {
    fn one<'q, T>(cell: &'q Cell, value: fn(&'q Cell) -> Option<T>) -> Option<T> {
        value(cell)
    }
    let cells = columns.iter().zip(&row.cells);
    cells.fold(query, |query, (column, cell)| {
        bind_typed!(query, column.kind, one, cell)
    })
}

/// The cells of the columns that stand from `first` on.
pub(super) fn cells(
    columns: &[Column],
    row: &PgRow,
    first: usize,
) -> Result<Vec<Cell>, sqlx::Error> {
    let cell = |(index, column): (usize, &Column)| {
        Ok(match column.kind {
            ColumnKind::Bool => row.try_get::<Option<bool>, _>(index)?.map(Cell::Bool),
            ColumnKind::Integer => row.try_get::<Option<i64>, _>(index)?.map(Cell::Integer),
            ColumnKind::Float => row.try_get::<Option<f64>, _>(index)?.map(Cell::Float),
            ColumnKind::Text => row.try_get::<Option<String>, _>(index)?.map(Cell::Text),
            ColumnKind::Json => row.try_get::<Option<String>, _>(index)?.map(Cell::Json),
            ColumnKind::Id => row.try_get::<Option<Uuid>, _>(index)?.map(Cell::Id),
            ColumnKind::Time => row.try_get::<Option<Timestamp>, _>(index)?.map(Cell::Time),
        }
        .unwrap_or(Cell::Null))
    };
    (first..).zip(columns).map(cell).collect()
}
