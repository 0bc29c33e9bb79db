//! How what a worker has is written on SQLite: in one transaction with its checkpoint.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use sqlx_core::transaction::TransactionManager as _;

use crate::{
    record::timestamp::Timestamp,
    store::{
        port::Joinable,
        sqlite::tables::{DIALECT, Ended, PARAMETERS, in_micros, push},
        tables::{Beside, Flush, Key, Row, Table, builds::Build},
    },
};

type Manager = <Sqlite as sqlx::Database>::TransactionManager;

/// Writes what a worker has, in the transaction that is open. `false` if the lease or the checkpoint is another one.
pub(in crate::store) async fn flush(
    connection: &mut SqliteConnection,
    flush: Flush<'_>,
) -> Result<bool, Ended> {
    let now = Timestamp::now();
    let moved = sqlx::query(include_str!("sql/move_worker.sql"))
        .bind(flush.worker.to_owned())
        .bind(flush.lease.epoch)
        .bind(flush.owner)
        .bind(flush.lease.cursor.to_string())
        .bind(flush.cursor.to_string())
        .bind(in_micros(now.saturating_add(flush.lasts)))
        .bind(flush.heard.map(str::to_owned))
        .bind(flush.last.map(|last| last.id.as_uuid()))
        .bind(
            flush
                .last
                .and_then(|last| i64::try_from(last.position.get()).ok()),
        )
        .execute(&mut *connection)
        .await?;
    if moved.rows_affected() == 0 {
        return Ok(false);
    }
    write_rows(connection, flush.build, (flush.put, flush.gone)).await?;
    if let Some(links) = flush.build.links() {
        let changed = (flush.put_links, flush.gone_links);
        write_rows(connection, links, changed).await?;
    }
    note_parked(connection, flush, now).await?;
    Ok(true)
}

/// Moves a checkpoint, in the transaction that is open, and lets somebody else write. `false` if nothing is to be written.
pub(in crate::store) async fn flush_beside(
    connection: &mut SqliteConnection,
    wanted: Flush<'_>,
    beside: &mut dyn Beside,
) -> Result<bool, Ended> {
    let depth = Manager::get_transaction_depth(connection);
    let written = flush(connection, wanted).await?
        && beside.write(Joinable::Sqlite(&mut *connection)).await
        && Manager::get_transaction_depth(connection) == depth;
    while Manager::get_transaction_depth(connection) > depth {
        Manager::rollback(&mut *connection).await?;
    }
    Ok(written)
}

/// Writes the rows of one table that are there now, and those that are gone.
async fn write_rows(
    connection: &mut SqliteConnection,
    build: Build<'_>,
    (put, gone): (&[Row], &[Key]),
) -> Result<(), Ended> {
    let (table, name) = (build.table, build.quoted(DIALECT));
    let stored = table.stored_columns();
    let (of_key, columns) = (Table::all(table.key()), Table::all(&stored));
    for keys in gone.chunks(PARAMETERS / (table.key().len() + 1)) {
        let start = format!("DELETE FROM {name} WHERE ({of_key}) IN (");
        let mut delete = QueryBuilder::<Sqlite>::new(start);
        push(&mut delete, keys);
        delete.push(")");
        delete.build().execute(&mut *connection).await?;
    }
    for rows in put.chunks(PARAMETERS / (stored.len() + 1)) {
        if table.unique().next().is_some() {
            let mut give_up = QueryBuilder::<Sqlite>::new(format!("WITH given ({columns}) AS ("));
            push(&mut give_up, rows);
            give_up.push(") ").push(table.give_up(DIALECT));
            give_up.build().execute(&mut *connection).await?;
        }
        let mut put =
            QueryBuilder::<Sqlite>::new(format!("INSERT INTO {name} AS kept ({columns}) "));
        push(&mut put, rows);
        put.push(" ").push(table.on_conflict());
        put.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Notes which tenants are held back, and which no longer.
async fn note_parked(
    connection: &mut SqliteConnection,
    flush: Flush<'_>,
    now: Timestamp,
) -> Result<(), Ended> {
    for parked in flush.park {
        sqlx::query(include_str!("sql/park.sql"))
            .bind(flush.worker.to_owned())
            .bind(parked.tenant.as_uuid())
            .bind(parked.after.to_string())
            .bind(parked.event.as_uuid())
            .bind(parked.reason.clone())
            .bind(in_micros(now))
            .execute(&mut *connection)
            .await?;
    }
    for tenant in flush.resume {
        sqlx::query(include_str!("sql/unpark.sql"))
            .bind(flush.worker.to_owned())
            .bind(tenant.as_uuid())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
