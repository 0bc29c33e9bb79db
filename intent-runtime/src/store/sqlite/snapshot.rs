//! Keeping and deleting snapshots, on the writer's connection.

use sqlx::SqliteConnection;

use crate::{
    record::{
        id::TenantId,
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
    },
    store::check::column,
};

/// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    stream: &StreamId,
    new: &NewSnapshot,
) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("sql/keep_snapshot.sql"))
        .bind(stream.tenant_id.as_uuid())
        .bind(stream.aggregate_id.as_uuid())
        .bind(column(new.version.get()))
        .bind(i64::from(new.schema_version))
        .bind(new.state.get())
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the snapshots of a tenant's aggregates of one type, or of all, and says how many there were.
pub(super) async fn delete(
    connection: &mut SqliteConnection,
    tenant: TenantId,
    aggregate_type: Option<&AggregateType>,
) -> Result<u64, sqlx::Error> {
    let names = aggregate_type.map(|of_type| serde_json::Value::from_iter(of_type.names()));
    let deleted = sqlx::query(include_str!("sql/delete_snapshots.sql"))
        .bind(tenant.as_uuid())
        .bind(names.map(|names| names.to_string()))
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected())
}
