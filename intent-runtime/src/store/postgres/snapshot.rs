//! Snapshots that are stored by themselves, without an append.

use sqlx::{Connection, PgConnection};

use crate::{
    record::{
        id::TenantId,
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
    },
    store::{
        error::StoreError,
        postgres::{
            BEGIN,
            read::{Reader, TRIES, check_type, give_back, of_stream, with_timeout},
            rows::{self, Json, get},
        },
    },
};

/// A newer snapshot replaces an older one, and one of another shape that of the same version: shapes have no order.
const KEEP: &str = concat!(
    of_stream!("sql/keep_snapshot.sql"),
    include_str!("sql/replace_snapshot.sql"),
    include_str!("sql/keep_snapshot_answer.sql")
);

/// Keeps a snapshot, unless a newer one is kept or the stream does not reach its version.
pub(super) async fn keep(
    reader: &Reader,
    stream: &StreamId,
    new: &NewSnapshot,
) -> Result<(), StoreError> {
    new.check(stream)?;
    let rows = reader.rows(|| {
        sqlx::query(KEEP)
            .bind(stream.tenant_id.as_uuid())
            .bind(stream.aggregate_id.as_uuid())
            .bind(stream.aggregate_type.names().collect::<Vec<_>>())
            .bind(rows::from_version(new.version))
            .bind(i64::from(new.schema_version))
            .bind(Json(new.state.get()))
    });
    match rows.await?.first() {
        Some(row) => check_type(stream, get(row, 0, stream)?),
        None => Ok(()),
    }
}

/// Deletes snapshots and says how many there were.
///
/// In a task of its own: sqlx does not notice when a `begin` is cancelled, and leaves the transaction open.
pub(super) async fn delete(
    reader: &Reader,
    tenant: TenantId,
    aggregate_type: Option<AggregateType>,
) -> Result<u64, StoreError> {
    let own = reader.clone();
    let deleting = tokio::spawn(async move {
        let mut tries = TRIES;
        loop {
            let mut lent = own.acquire().await?;
            let done = match lent.connection().await {
                Ok(connection) => {
                    let deleting = delete_on(connection, tenant, aggregate_type.as_ref());
                    with_timeout(&own.place, deleting).await
                }
                Err(failure) => Err(failure.into()),
            };
            match give_back(lent, done) {
                Ok(deleted) => return Ok(deleted),
                Err(error) => tries = own.left(tries, error)?,
            }
        }
    });
    let ended = |failed| Err(reader.place.ended(failed));
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
