//! Snapshots that ride along no append.

use super::{
    column::{self, Json, get},
    read::{Reader, check_type, of_stream},
};
use crate::{NewSnapshot, StoreError, StreamId, TenantId, store::AggregateType};

/// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version.
pub(super) async fn keep(
    reader: &Reader,
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
        .fetch_optional(&reader.pool)
        .await;
    match row {
        Ok(Some(row)) => check_type(stream, get(&row, 0, stream)?),
        Ok(None) => Ok(()),
        Err(error) => Err(reader.error(error.into()).await),
    }
}

/// Deletes snapshots and says how many there were.
///
/// In a task of its own: a transaction that is begun on a pool and cancelled could go back to the pool open.
pub(super) async fn delete(
    reader: &Reader,
    tenant: TenantId,
    aggregate_type: Option<AggregateType>,
) -> Result<u64, StoreError> {
    let pool = reader.pool.clone();
    let deleting = tokio::spawn(async move {
        let mut transaction = pool.begin().await?;
        sqlx::query(include_str!("sql/set_tenant.sql"))
            .bind(tenant.to_string())
            .bind("")
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
    match deleting.await.map_err(|_| StoreError::Closed)? {
        Ok(deleted) => Ok(deleted),
        Err(error) => Err(reader.error(error.into()).await),
    }
}
