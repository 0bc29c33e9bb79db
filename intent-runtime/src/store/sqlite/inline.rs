//! The rows of inline models that ride along with appends.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite, SqliteConnection};

use crate::{
    record::column::Cell,
    store::{
        append::Append,
        error::StoreError,
        sqlite::tables::{DIALECT, Ended, push},
        tables::{
            Row, Table,
            inline::{Duplicate, InlineRow, id_of},
            text::quoted,
        },
    },
};

/// Writes the rows of an append in the transaction that is open. The inner error is why none of them was written.
pub(in crate::store) async fn write(
    connection: &mut SqliteConnection,
    append: &Append,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    // Nobody else writes meanwhile, so what is free now is free when the rows are written.
    for row in &append.rows {
        if let Some((field, _)) = taken(connection, row.table, &row.row).await? {
            return Ok(Err(append.taken(row, field)));
        }
    }
    put(connection, &append.rows).await?;
    Ok(Ok(()))
}

/// Writes rows whose values are free.
pub(in crate::store) async fn put(
    connection: &mut SqliteConnection,
    rows: &[InlineRow],
) -> Result<(), sqlx::Error> {
    for row in rows {
        let name = row.table.quoted(DIALECT);
        let columns = Table::all(&row.table.stored_columns());
        let start = format!("INSERT INTO {name} AS kept ({columns}) ");
        let mut put = QueryBuilder::<Sqlite>::new(start);
        push(&mut put, std::slice::from_ref(&row.row));
        put.push(" ").push(row.table.on_conflict());
        put.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// A row among these whose value in a unique column is that of a row that is not among them.
pub(in crate::store) async fn duplicate(
    connection: &mut SqliteConnection,
    table: &Table,
    rows: &[Row],
) -> Result<Option<Duplicate>, Ended> {
    let own: HashSet<_> = rows.iter().map(|row| (row.tenant, id_of(row))).collect();
    for row in rows {
        let Some((field, other)) = taken(connection, table, row).await? else {
            continue;
        };
        let other = other
            .parse()
            .map_err(|_| Ended::Corrupt(format!("{other} is no id")))?;
        let is_own = own.contains(&(row.tenant, Some(other)));
        if let (Some(id), false) = (id_of(row), is_own) {
            return Ok(Some(Duplicate::new(field, id, other)));
        }
    }
    Ok(None)
}

/// The column of a row of an inline model whose value another row has, and the id of that row.
pub(in crate::store) async fn taken(
    connection: &mut SqliteConnection,
    table: &Table,
    row: &Row,
) -> Result<Option<(&'static str, String)>, sqlx::Error> {
    let name = table.quoted(DIALECT);
    let Some((id, key)) = row.cells.first().zip(table.columns.first()) else {
        return Ok(None);
    };
    let key = quoted(key.name);
    for (place, column) in table.unique() {
        let Some(value) = row.cells.get(place).filter(|value| **value != Cell::Null) else {
            continue;
        };
        let of = quoted(column.name);
        let sql = format!(
            "SELECT {key} FROM {name} WHERE tenant_id = ? AND {of} = ? AND NOT removed AND {key} <> ? LIMIT 1"
        );
        let other = sqlx::query_scalar(AssertSqlSafe(sql)).bind(row.tenant.to_string());
        let other: Option<String> = match value {
            Cell::Bool(it) => other.bind(*it),
            Cell::Integer(it) => other.bind(*it),
            Cell::Float(it) => other.bind(*it),
            Cell::Text(it) | Cell::Json(it) => other.bind(it.clone()),
            Cell::Id(it) => other.bind(it.to_string()),
            Cell::Time(it) => other.bind(it.to_string()),
            Cell::Null => other,
        }
        .bind(match id {
            Cell::Id(id) => id.to_string(),
            _ => String::new(),
        })
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(other) = other {
            return Ok(Some((column.name, other)));
        }
    }
    Ok(None)
}
