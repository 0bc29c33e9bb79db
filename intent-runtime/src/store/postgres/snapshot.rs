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
        error::StoreError,
        postgres::{
            BEGIN,
            connection::pool::Pool,
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

/// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version.
pub(super) async fn keep(
    pool: &Pool,
    stream: &StreamId,
    new: &NewSnapshot,
) -> Result<(), StoreError> {
    new.check(stream)?;
    pool.run((stream, new), |(stream, new), connection| {
        Box::pin(async move {
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
        })
    })
    .await
}

/// Deletes snapshots and says how many there were.
///
/// In a task of its own: sqlx does not notice when a `begin` is cancelled, and leaves the transaction open.
pub(super) async fn delete(
    pool: &Pool,
    tenant: TenantId,
    aggregate_type: Option<AggregateType>,
) -> Result<u64, StoreError> {
    let own = pool.clone();
    let deleting = tokio::spawn(async move {
        own.run((tenant, aggregate_type), |(tenant, of_type), connection| {
            Box::pin(async move { Ok(delete_on(connection, *tenant, of_type.as_ref()).await?) })
        })
        .await
    });
    let ended = |failed| Err(pool.place().ended(failed));
    deleting.await.unwrap_or_else(ended)
}

async fn delete_on(
    connection: &mut PgConnection,
    tenant: TenantId,
    aggregate_type: Option<&AggregateType>,
) -> Result<u64, sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    sqlx::query(include_str!("sql/set_tenant.sql"))
        .bind(tenant.to_string())
        .bind("")
        .bind("")
        .execute(&mut *transaction)
        .await?;
    let names = aggregate_type.map(|of_type| of_type.names().collect::<Vec<_>>());
    let deleted = sqlx::query(include_str!("sql/delete_snapshots.sql"))
        .bind(tenant.as_uuid())
        .bind(names)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(deleted.rows_affected())
}
