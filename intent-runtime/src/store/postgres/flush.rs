//! How what a worker has is written on Postgres: in one transaction with its checkpoint.

use sqlx::{AssertSqlSafe, PgConnection, Postgres, SqlSafeStr as _};
use sqlx_core::transaction::TransactionManager as _;

use crate::store::{
    port::Joinable,
    postgres::{
        cells::{Given, bind_rows},
        connection::error::{Place, RunError},
        policies,
        tables::DIALECT,
    },
    tables::{Beside, Flush, Key, Row, Table, builds::Build},
};

type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// Writes what a worker has, in one transaction. It does not wait for the disk: a crash of the server loses rows and checkpoint
/// together.
pub(super) async fn write(
    connection: &mut PgConnection,
    flush: &Flush<'_>,
    place: &Place,
) -> Result<bool, RunError> {
    // What happens without rows of ours is not undone by a crash of the server, so its checkpoint is durable.
    let begin = match flush.build.table.has_rows() {
        true => include_str!("sql/begin_flush.sql"),
        false => include_str!("sql/begin_building.sql"),
    };
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    if !moves(connection, flush).await? {
        sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
        return Ok(false);
    }
    let (build, put, gone) = (flush.build, flush.put, flush.gone);
    write_rows(connection, build, (put, gone), place).await?;
    if let Some(links) = build.links() {
        let changed = (flush.put_links, flush.gone_links);
        write_rows(connection, links, changed, place).await?;
    }
    note_parked(connection, flush).await?;
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(true)
}

/// Moves a checkpoint in one transaction with what somebody else writes.
pub(super) async fn write_beside(
    connection: &mut PgConnection,
    flush: &Flush<'_>,
    beside: &mut dyn Beside,
) -> Result<bool, RunError> {
    // It is sqlx that begins it, so that a transaction within it is a savepoint.
    let begin = Some(include_str!("sql/begin_building.sql").into_sql_str());
    Manager::begin(&mut *connection, begin).await?;
    let mut names = None;
    if moves(connection, flush).await? {
        let lend = sqlx::query_scalar(include_str!("sql/lend.sql"));
        let found: String = lend.fetch_one(&mut *connection).await?;
        let written = beside.write(Joinable::Postgres(&mut *connection)).await
            && Manager::get_transaction_depth(connection) == 1;
        names = written.then_some(found);
    }
    let Some(names) = names else {
        while Manager::get_transaction_depth(connection) > 0 {
            Manager::rollback(&mut *connection).await?;
        }
        return Ok(false);
    };
    // The server answers COMMIT with a rollback where a statement has failed, and sqlx does not tell: but no other goes well there.
    let take_back = "SELECT pg_catalog.set_config('search_path', $1, true)";
    let take_back = sqlx::query(take_back).bind(names);
    take_back.execute(&mut *connection).await?;
    note_parked(connection, flush).await?;
    Manager::commit(connection).await?;
    Ok(true)
}

/// Moves a checkpoint. `false` if the lease or the checkpoint is another one.
async fn moves(connection: &mut PgConnection, flush: &Flush<'_>) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(include_str!("sql/move_worker.sql"))
        .bind(flush.worker)
        .bind(flush.lease.epoch)
        .bind(flush.owner)
        .bind(flush.lease.cursor.to_string())
        .bind(flush.cursor.to_string())
        .bind(flush.lasts.as_secs_f64())
        .bind(flush.heard)
        .bind(flush.last.map(|last| last.id.as_uuid()))
        .bind(
            flush
                .last
                .and_then(|last| i64::try_from(last.position.get()).ok()),
        )
        .bind(flush.build.table.name)
        .execute(connection)
        .await?;
    Ok(moved.rows_affected() > 0)
}

/// Writes the rows of one table that are there now, and those that are gone.
async fn write_rows(
    connection: &mut PgConnection,
    build: Build<'_>,
    (put, gone): (&[Row], &[Key]),
    place: &Place,
) -> Result<(), RunError> {
    let (table, name) = (build.table, build.quoted(DIALECT));
    let key = table.key();
    if !gone.is_empty() {
        policies::shows_rows(connection, table, &name, place).await?;
        let given = Given {
            first: 1,
            columns: key,
        };
        let (of_key, unnest) = (Table::all(key), given.unnest());
        let sql = format!("DELETE FROM {name} WHERE ({of_key}) IN (SELECT * FROM {unnest})");
        let delete = bind_rows(sqlx::query(AssertSqlSafe(sql)), key, gone);
        delete.execute(&mut *connection).await?;
    }
    if !put.is_empty() {
        let stored = table.stored_columns();
        let given = Given {
            first: 1,
            columns: &stored,
        };
        let columns = Table::all(&stored);
        if table.unique().next().is_some() {
            let sql = format!(
                "WITH given AS (SELECT {} FROM {} AS given ({columns})) {}",
                given.values(),
                given.unnest(),
                table.give_up(DIALECT),
            );
            let give_up = bind_rows(sqlx::query(AssertSqlSafe(sql)), &stored, put);
            give_up.execute(&mut *connection).await?;
        }
        let sql = format!(
            "INSERT INTO {name} AS kept ({columns}) SELECT {} FROM {} AS given ({columns}) {}",
            given.values(),
            given.unnest(),
            table.on_conflict(),
        );
        let put = bind_rows(sqlx::query(AssertSqlSafe(sql)), &stored, put);
        put.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Notes which tenants are held back, and which no longer.
async fn note_parked(connection: &mut PgConnection, flush: &Flush<'_>) -> Result<(), sqlx::Error> {
    for parked in flush.park {
        sqlx::query(include_str!("sql/park.sql"))
            .bind(flush.worker)
            .bind(parked.tenant.as_uuid())
            .bind(parked.after.to_string())
            .bind(parked.event.as_uuid())
            .bind(&parked.reason)
            .execute(&mut *connection)
            .await?;
    }
    for tenant in flush.resume {
        sqlx::query(include_str!("sql/unpark.sql"))
            .bind(flush.worker)
            .bind(tenant.as_uuid())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
