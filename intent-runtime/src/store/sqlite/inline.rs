//! The rows of inline models that ride along with appends.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    record::{
        column::{Cell, Column},
        id::AggregateId,
    },
    store::{
        append::Append,
        error::StoreError,
        sqlite::tables::{DIALECT, Ended, bind, push, read_row},
        tables::{
            Key, Row, Table,
            builds::Build,
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
        if is_outdated(connection, row).await? {
            return Ok(Err(append.outdated()));
        }
        for unique in row.table.unique() {
            if holder(connection, row.table, unique, &row.row)
                .await?
                .is_some()
            {
                return Ok(Err(append.taken(row, unique.1.name)));
            }
        }
    }
    put(connection, &append.rows).await?;
    Ok(Ok(()))
}

/// Whether a row goes on from what an earlier build made than the one that makes it anew.
pub(in crate::store) async fn is_outdated(
    connection: &mut SqliteConnection,
    row: &InlineRow,
) -> Result<bool, sqlx::Error> {
    let (table, key) = (row.table, Table::all(row.table.key()));
    let name = table.quoted(DIALECT);
    let sql = format!("SELECT 1 FROM {name} WHERE ({key}) = (?, ?) AND abs(row_build) > ?");
    let id = id_of(&row.row).map_or_else(String::new, |id| id.to_string());
    let found = sqlx::query(AssertSqlSafe(sql))
        .bind(row.row.tenant.to_string())
        .bind(id)
        .bind(table.made_by(&row.row.cells));
    Ok(found.fetch_optional(connection).await?.is_some())
}

/// Marks those of the rows with these keys that an earlier build made.
pub(in crate::store) async fn mark(
    connection: &mut SqliteConnection,
    build: Build<'_>,
    keys: &[Key],
) -> Result<(), Ended> {
    let (name, of_key) = (build.quoted(DIALECT), Table::all(build.table.key()));
    let number = build.number;
    let start = format!("UPDATE {name} SET row_build = -{number} WHERE ({of_key}) IN (");
    let mut mark = QueryBuilder::<Sqlite>::new(start);
    push(&mut mark, keys);
    mark.push(format!(") AND abs(row_build) < {number}"));
    mark.build().execute(connection).await?;
    Ok(())
}

/// The keys of rows that an earlier build made or marked, behind a key.
pub(in crate::store) async fn earlier(
    connection: &mut SqliteConnection,
    build: Build<'_>,
    after: Option<&Key>,
    limit: u32,
) -> Result<Vec<Key>, Ended> {
    let (name, of_key) = (build.quoted(DIALECT), Table::all(build.table.key()));
    let sql = format!(
        "SELECT {of_key} FROM {name} WHERE abs(row_build) < ? AND ({of_key}) > (?, ?) ORDER BY {of_key} LIMIT ?"
    );
    // No id is as small as an empty text.
    let tenant = after.map_or_else(String::new, |key| key.tenant.to_string());
    let id = after.and_then(id_of);
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(build.number)
        .bind(tenant)
        .bind(id.map_or_else(String::new, |id| id.to_string()))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    let key = |row: &SqliteRow| read_row(build.table.key(), row);
    rows.iter().map(key).collect()
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
    for unique in table.unique() {
        for row in rows {
            let Some(other) = holder(connection, table, unique, row).await? else {
                continue;
            };
            let is_own = own.contains(&(row.tenant, Some(other)));
            if let (Some(id), false) = (id_of(row), is_own) {
                return Ok(Some(Duplicate::new(row.tenant, unique.1.name, id, other)));
            }
        }
    }
    Ok(None)
}

/// The row of an inline model that has the value of another one in a unique column.
pub(in crate::store) async fn holder(
    connection: &mut SqliteConnection,
    table: &Table,
    (place, column): (usize, &Column),
    row: &Row,
) -> Result<Option<AggregateId>, sqlx::Error> {
    let Some(key) = table.columns.first() else {
        return Ok(None);
    };
    let Some(value) = row.cells.get(place).filter(|value| **value != Cell::Null) else {
        return Ok(None);
    };
    let (name, key, of) = (table.quoted(DIALECT), quoted(key.name), quoted(column.name));
    let sql = format!(
        "SELECT {key} FROM {name} WHERE tenant_id = ? AND {of} = ? AND NOT removed AND {key} <> ? LIMIT 1"
    );
    let other = sqlx::query(AssertSqlSafe(sql)).bind(row.tenant.to_string());
    let id = id_of(row).map_or_else(String::new, |id| id.to_string());
    let other = bind(other, value).bind(id);
    let other = other.fetch_optional(&mut *connection).await?;
    let Some(other) = other else {
        return Ok(None);
    };
    let other: String = other.try_get(0)?;
    match other.parse() {
        Ok(id) => Ok(Some(id)),
        Err(error) => Err(sqlx::Error::ColumnDecode {
            index: key,
            source: Box::new(error),
        }),
    }
}
