//! Snapshots that are stored without an append.

use sqlx::{Connection, PgConnection};

use crate::{
    record::{
        id::TenantId,
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
    },
    store::{
        check::column,
        port::{Snapshots, StoreFuture},
        postgres::{
            BEGIN, PgStore,
            connection::error::RunError,
            read::of_stream,
            rows::{Json, get},
        },
    },
};

/// A newer snapshot replaces an older one. At the same version, one of another shape replaces it: shapes have no order.
const KEEP: &str = concat!(
    of_stream!("sql/keep_snapshot.sql"),
    include_str!("sql/replace_snapshot.sql"),
    include_str!("sql/keep_snapshot_answer.sql")
);

impl Snapshots for PgStore {
    fn save_snapshot<'a>(&'a self, stream: &'a StreamId, new: NewSnapshot) -> StoreFuture<'a, ()> {
        self.explained(async move {
            new.check(stream)?;
            let keeping = self.pool.run((stream, new), |(stream, new), connection| {
                Box::pin(keep(connection, stream, new))
            });
            keeping.await
        })
    }

    fn delete_snapshots(
        &self,
        tenant: TenantId,
        of_type: Option<AggregateType>,
    ) -> StoreFuture<'_, u64> {
        self.explained(async move {
            let pool = self.pool.clone();
            // In a task of its own: sqlx does not notice when a `begin` is cancelled, and leaves the transaction open.
            let deleting = tokio::spawn(async move {
                let deleting = pool.run((tenant, of_type), |(tenant, of_type), connection| {
                    Box::pin(delete(connection, *tenant, of_type.as_ref()))
                });
                deleting.await
            });
            let ended = |failed| Err(self.pool.place().ended(failed));
            deleting.await.unwrap_or_else(ended)
        })
    }
}

/// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version.
async fn keep(
    connection: &mut PgConnection,
    stream: &StreamId,
    new: &NewSnapshot,
) -> Result<(), RunError> {
    let row = sqlx::query(KEEP)
        .bind(stream.tenant_id.as_uuid())
        .bind(stream.aggregate_id.as_uuid())
        .bind(stream.aggregate_type.names().collect::<Vec<_>>())
        .bind(column(new.version.get()))
        .bind(i64::from(new.schema_version))
        .bind(Json(new.state.get()))
        .fetch_optional(connection)
        .await?;
    match row {
        Some(row) => Ok(stream.check_type(get(&row, 0, stream)?)?),
        None => Ok(()),
    }
}

/// Deletes snapshots and says how many there were.
async fn delete(
    connection: &mut PgConnection,
    tenant: TenantId,
    of_type: Option<&AggregateType>,
) -> Result<u64, RunError> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    sqlx::query(include_str!("sql/set_tenant.sql"))
        .bind(tenant.to_string())
        .bind("")
        .bind("")
        .execute(&mut *transaction)
        .await?;
    let names = of_type.map(|of_type| of_type.names().collect::<Vec<_>>());
    let deleted = sqlx::query(include_str!("sql/delete_snapshots.sql"))
        .bind(tenant.as_uuid())
        .bind(names)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(deleted.rows_affected())
}
