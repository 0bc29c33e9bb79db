//! Rows of inline models that have one value where no two rows have the same.

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use crate::{
    record::id::{AggregateId, TenantId},
    store::{
        postgres::{
            cells::{Given, bind_rows},
            connection::error::RunError,
            tables::DIALECT,
        },
        tables::{Row, Table, inline::Duplicate, text::quoted},
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
