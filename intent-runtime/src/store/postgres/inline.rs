//! Rows of inline models: those that have one value where no two rows have the same, and those that are to be made anew.

use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};

use crate::{
    record::{
        column::Cell,
        id::{AggregateId, TenantId},
    },
    store::{
        postgres::{
            cells::{Given, bind_rows},
            connection::error::RunError,
            tables::DIALECT,
        },
        tables::{
            Key, Row, Table,
            builds::Build,
            inline::{Duplicate, id_of},
            text::quoted,
        },
    },
};

/// A row among these whose value in a unique column is that of a row that is not among them.
pub(super) async fn duplicate(
    connection: &mut PgConnection,
    table: &Table,
    rows: &[Row],
) -> Result<Option<Duplicate>, RunError> {
    let (name, stored) = (table.quoted(DIALECT), table.stored_columns());
    let key = table.key().iter().map(|column| quoted(column.name));
    let key: String = key.collect();
    let given = Given {
        first: 2,
        columns: &stored,
    };
    let (columns, values, unnest) = (Table::all(&stored), given.values(), given.unnest());
    for (_, column) in table.unique() {
        let of = quoted(column.name);
        let sql = format!(
            "WITH setting AS MATERIALIZED (SELECT set_config('intent.worker', $1, true) AS worker),
             given AS (SELECT {values} FROM {unnest} AS given ({columns}))
             SELECT found.* FROM setting CROSS JOIN LATERAL (
                 SELECT given.{key} AS row, t.{key} AS other, t.tenant_id
                 FROM given JOIN {name} AS t
                 ON t.tenant_id = given.tenant_id AND t.{of} = given.{of} AND NOT t.removed AND t.{key} <> given.{key}
                 WHERE setting.worker IS NOT NULL
                   AND NOT EXISTS (SELECT FROM given AS own WHERE own.tenant_id = t.tenant_id AND own.{key} = t.{key})
                 LIMIT 1
             ) AS found"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(table.name);
        let query = bind_rows(query, &stored, rows);
        if let Some(row) = query.fetch_optional(&mut *connection).await? {
            let tenant = TenantId::from_uuid(row.try_get(2)?);
            let [row, other] = [row.try_get(0)?, row.try_get(1)?].map(AggregateId::from_uuid);
            return Ok(Some(Duplicate::new(tenant, column.name, row, other)));
        }
    }
    Ok(None)
}

/// Marks those of the rows with these keys that an earlier build made.
pub(super) async fn mark(
    connection: &mut PgConnection,
    build: Build<'_>,
    keys: &[Key],
) -> Result<(), RunError> {
    let (table, name, key) = (build.table, build.quoted(DIALECT), build.table.key());
    let given = Given {
        first: 2,
        columns: key,
    };
    let (unnest, of_key) = (given.unnest(), Table::all(key));
    // The policies show rows to their worker only.
    sqlx::raw_sql(include_str!("sql/begin_flush.sql"))
        .execute(&mut *connection)
        .await?;
    sqlx::query(include_str!("sql/act_as_worker.sql"))
        .bind(table.name)
        .execute(&mut *connection)
        .await?;
    let sql = format!(
        "UPDATE {name} SET row_build = -$1 WHERE ({of_key}) IN (SELECT * FROM {unnest}) AND abs(row_build) < $1"
    );
    let mark = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(build.number));
    bind_rows(mark, key, keys).execute(&mut *connection).await?;
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(())
}

/// The keys of rows that an earlier build made or marked, behind a key.
pub(super) async fn earlier(
    connection: &mut PgConnection,
    build: Build<'_>,
    after: Option<&Key>,
    limit: u32,
) -> Result<Vec<Key>, RunError> {
    let (table, name) = (build.table, build.quoted(DIALECT));
    let of_key = Table::all(table.key());
    let sql = format!(
        "WITH setting AS MATERIALIZED (SELECT set_config('intent.worker', $1, true) AS worker)
         SELECT found.* FROM setting CROSS JOIN LATERAL (
             SELECT {of_key} FROM {name}
             WHERE setting.worker IS NOT NULL AND abs(row_build) < $2 AND ($3::uuid IS NULL OR ({of_key}) > ($3, $4))
             ORDER BY {of_key} LIMIT $5
         ) AS found"
    );
    let (tenant, id) = (after.map(|key| key.tenant), after.and_then(id_of));
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(table.name)
        .bind(i64::from(build.number))
        .bind(tenant.map(|tenant| tenant.as_uuid()))
        .bind(id.map(|id| id.as_uuid()))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    let key = |row: &PgRow| {
        let tenant = TenantId::from_uuid(row.try_get(0)?);
        Ok(Key::new(tenant, vec![Cell::Id(row.try_get(1)?)]))
    };
    rows.iter().map(key).collect()
}
