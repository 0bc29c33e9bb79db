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
pub(super) struct Given {
    /// The number of the first parameter.
    pub(super) first: usize,
    pub(super) columns: &'static [Column],
}

impl Given {
    pub(super) fn unnest(&self) -> String {
        let types = self.columns.iter().map(|column| match column.kind {
            ColumnKind::Json => "text",
            kind => type_name(kind),
        });
        let arrays = (self.first..)
            .zip(std::iter::once("uuid").chain(types))
            .map(|(number, of_type)| format!("${number}::{of_type}[]"));
        format!("unnest({})", arrays.collect::<Vec<_>>().join(", "))
    }

    /// The columns of the rows, each of the type of its column.
    pub(super) fn values(&self) -> String {
        let each = self.columns.iter().map(|column| match column.kind {
            ColumnKind::Json => format!("{}::jsonb", quoted(column.name)),
            _ => quoted(column.name),
        });
        std::iter::once("tenant_id".to_owned())
            .chain(each)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

pub(super) type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

pub(super) fn bind_rows<'q>(
    query: PgQuery<'q>,
    columns: &[Column],
    rows: &'q [Row],
) -> PgQuery<'q> {
    let tenants = query.bind(array(&rows.iter(), |row| row.tenant.as_uuid()));
    columns
        .iter()
        .enumerate()
        .fold(tenants, |query, (index, of)| {
            let all = rows.iter().map(move |row| row.cells.get(index));
            macro_rules! array {
            ($type:ty, $($pattern:pat => $value:expr),+) => {
                query.bind(
                    all.map(|cell| match cell {
                        $(Some($pattern) => Some($value),)+
                        _ => None,
                    })
                    .collect::<Vec<Option<$type>>>(),
                )
            };
        }
            match of.kind {
                ColumnKind::Bool => array!(bool, Cell::Bool(it) => *it),
                ColumnKind::Integer => array!(i64, Cell::Integer(it) => *it),
                ColumnKind::Float => array!(f64, Cell::Float(it) => *it),
                ColumnKind::Text => array!(&str, Cell::Text(it) => it.as_str()),
                ColumnKind::Json => array!(&str, Cell::Json(it) => it.as_str()),
                ColumnKind::Id => array!(Uuid, Cell::Id(it) => *it),
                ColumnKind::Time => array!(Timestamp, Cell::Time(it) => *it),
            }
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
