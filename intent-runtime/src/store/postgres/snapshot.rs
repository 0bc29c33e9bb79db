//! Snapshots that ride along no append.

use sqlx::PgPool;

use super::{
    column::{self, Json, get},
    error::Place,
    read::{check_type, of_stream},
    tenants,
};
use crate::{NewSnapshot, StoreError, StreamId, TenantId, store::AggregateType};

/// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version.
pub(super) async fn keep(
    pool: &PgPool,
    place: &Place,
    stream: &StreamId,
    new: &NewSnapshot,
) -> Result<(), StoreError> {
    let row = sqlx::query(of_stream!("sql/keep_snapshot.sql"))
        .bind(stream.tenant_id.as_uuid())
        .bind(stream.aggregate_id.as_uuid())
        .bind(stream.aggregate_type.names().collect::<Vec<_>>())
        .bind(column::from_version(new.version))
        .bind(i64::from(new.schema_version))
        .bind(Json(new.state.get()))
        .fetch_optional(pool)
        .await
        .map_err(|error| place.error(error))?;
    match row {
        Some(row) => check_type(stream, get(&row, 0, stream)?),
        None => Ok(()),
    }
}

/// Deletes snapshots and says how many there were.
///
/// In a task of its own: a transaction that is begun on a pool and cancelled could go back to the pool open.
pub(super) async fn delete(
    pool: PgPool,
    place: &Place,
    tenant: TenantId,
    aggregate_type: Option<AggregateType>,
) -> Result<u64, StoreError> {
    let deleting = tokio::spawn(async move {
        let mut transaction = pool.begin().await?;
        sqlx::query(include_str!("sql/set_tenants.sql"))
            .bind(tenants::list([tenant].into_iter()))
            .execute(&mut *transaction)
            .await?;
        let names = aggregate_type
            .as_ref()
            .map(|of_type| of_type.names().collect::<Vec<_>>());
        let deleted = sqlx::query(include_str!("sql/delete_snapshots.sql"))
            .bind(tenant.as_uuid())
            .bind(names)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok::<u64, sqlx::Error>(deleted.rows_affected())
    });
    let deleted = deleting.await.map_err(|_| StoreError::Closed)?;
    deleted.map_err(|error| place.error(error))
}
