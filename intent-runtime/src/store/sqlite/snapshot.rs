//! Keeping and deleting snapshots, on the writer's connection and in its transaction.

use sqlx::SqliteConnection;

use crate::{
    record::{
        id::TenantId,
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
    },
    store::sqlite::column,
};

/// A snapshot that is stored without an append.
#[derive(Debug)]
pub(super) struct SaveSnapshot {
    pub(super) stream: StreamId,
    pub(super) snapshot: NewSnapshot,
}

/// Which snapshots to delete.
#[derive(Debug)]
pub(super) struct DeleteSnapshots {
    pub(super) tenant_id: TenantId,
    pub(super) aggregate_type: Option<AggregateType>,
}

/// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    stream: &StreamId,
    new: &NewSnapshot,
) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("sql/keep_snapshot.sql"))
        .bind(column::id(stream.tenant_id.as_uuid()))
        .bind(column::id(stream.aggregate_id.as_uuid()))
        .bind(column::from_version(new.version))
        .bind(i64::from(new.schema_version))
        .bind(new.state.get())
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes snapshots and says how many there were.
pub(super) async fn delete(
    connection: &mut SqliteConnection,
    delete: &DeleteSnapshots,
) -> Result<u64, sqlx::Error> {
    let types = delete.aggregate_type.as_ref();
    let names = types.map(|of_type| serde_json::Value::from_iter(of_type.names()).to_string());
    let deleted = sqlx::query(include_str!("sql/delete_snapshots.sql"))
        .bind(column::id(delete.tenant_id.as_uuid()))
        .bind(names)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected())
}
