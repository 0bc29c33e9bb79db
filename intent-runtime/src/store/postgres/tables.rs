//! The tables of read models on Postgres, in the schema `intent_read`.

use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    record::{
        column::Cell,
        cursor::Cursor,
        id::{EventId, TenantId},
        version::Position,
    },
    store::{
        error::StoreError,
        port::StoreFuture,
        postgres::{
            PgStore,
            builds::columns,
            cells::{Given, bind_rows, cells, selected, type_name},
            connection::{
                error::{Place, RunError},
                run::Rest,
            },
            flush, inline, policies,
        },
        tables::{
            Beside, Claim, Database, Flush, Key, LastEvent, Lease, Parked, Row, Table, Tables,
            builds::Build,
            inline::Duplicate,
            select::{PolicyDrift, Select},
            text::{Dialect, list},
        },
    },
};

pub(super) const DIALECT: Dialect = Dialect {
    schema: "intent_read.",
    prefix: "",
    type_name,
    collation: " COLLATE \"C\"",
    options: "",
    alters: true,
    notes: "intent.",
};

impl Tables for PgStore {
    fn claim<'a>(&'a self, wanted: Claim<'a>) -> StoreFuture<'a, Vec<(String, Lease)>> {
        Box::pin(async move {
            let work = self.pool.run(
                (wanted, self.pool.place()),
                |(wanted, place), connection| Box::pin(claim(connection, *wanted, place)),
            );
            work.await
        })
    }

    fn release<'a>(&'a self, worker: &'a str, lease: Lease, owner: Uuid) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let with = (worker, lease, owner);
            let work = self.pool.run(with, |(worker, lease, owner), connection| {
                Box::pin(async move {
                    sqlx::query(include_str!("sql/release_worker.sql"))
                        .bind(*worker)
                        .bind(lease.epoch)
                        .bind(*owner)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            });
            work.await
        })
    }

    fn heard<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            let work = self.pool.run(worker, |worker, connection| {
                Box::pin(async move {
                    let heard = sqlx::query_scalar(include_str!("sql/heard.sql"));
                    let heard: Option<Option<String>> =
                        heard.bind(*worker).fetch_optional(connection).await?;
                    Ok(heard.flatten())
                })
            });
            work.await
        })
    }

    fn hear<'a>(
        &'a self,
        worker: &'a str,
        names: &'a str,
        before: Option<&'a str>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let with = (worker, names, before);
            let work = self.pool.run(with, |(worker, names, before), connection| {
                Box::pin(async move {
                    let noted = sqlx::query(include_str!("sql/hear.sql"))
                        .bind(*worker)
                        .bind(*names)
                        .bind(*before)
                        .execute(connection)
                        .await?;
                    Ok(noted.rows_affected() > 0)
                })
            });
            work.await
        })
    }

    fn parked<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Vec<Parked>> {
        Box::pin(async move {
            let work = self.pool.run(
                (worker, self.pool.place()),
                |(worker, place), connection| Box::pin(parked(connection, worker, place)),
            );
            work.await
        })
    }

    fn load<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, Vec<Row>> {
        let with = (build, keys, self.pool.place());
        Box::pin(self.pool.run(with, |(build, keys, place), connection| {
            Box::pin(load(connection, *build, keys, place))
        }))
    }

    fn flush<'a>(&'a self, flush: Flush<'a>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            // If the answer is lost, the next try finds another checkpoint.
            let with = (flush, self.pool.place());
            let work = self.pool.stream(with, |(flush, place), connection| {
                Box::pin(async move {
                    Ok((flush::write(connection, flush, place).await?, Rest::Nothing))
                })
            });
            work.await
        })
    }

    fn flush_beside<'a>(
        &'a self,
        flush: Flush<'a>,
        beside: &'a mut dyn Beside,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            // If the answer is lost, the next try finds another checkpoint.
            let work = self
                .pool
                .stream((flush, beside), |(flush, beside), connection| {
                    Box::pin(async move {
                        let written = flush::write_beside(connection, flush, &mut **beside).await?;
                        Ok((written, Rest::Nothing))
                    })
                });
            work.await
        })
    }

    fn database(&self) -> Option<Database> {
        Some(Database::Postgres)
    }

    fn duplicate<'a>(
        &'a self,
        table: &'a Table,
        rows: &'a [Row],
    ) -> StoreFuture<'a, Option<Duplicate>> {
        Box::pin(async move {
            let work = self.pool.run((table, rows), |(table, rows), connection| {
                Box::pin(inline::duplicate(connection, table, rows))
            });
            work.await
        })
    }

    fn mark<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, ()> {
        Box::pin(self.pool.run((build, keys), |(build, keys), connection| {
            Box::pin(inline::mark(connection, *build, keys))
        }))
    }

    fn earlier<'a>(
        &'a self,
        build: Build<'a>,
        after: Option<&'a Key>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Key>> {
        let with = (build, after, limit);
        Box::pin(self.pool.run(with, |(build, after, limit), connection| {
            Box::pin(inline::earlier(connection, *build, *after, *limit))
        }))
    }

    fn select<'a>(&'a self, wanted: Select<'a>) -> StoreFuture<'a, Vec<Vec<Cell>>> {
        Box::pin(async move {
            let work = self.pool.run(wanted, |wanted, connection| {
                Box::pin(select(connection, *wanted))
            });
            work.await
        })
    }

    fn policies<'a>(&'a self, build: Build<'a>) -> StoreFuture<'a, Vec<PolicyDrift>> {
        Box::pin(self.pool.run(build, |build, connection| {
            Box::pin(async move {
                let name = build.quoted(DIALECT);
                if columns(connection, &build.table_name()).await?.is_empty() {
                    return Ok(Vec::new());
                }
                policies::drift(connection, build.table, &name).await
            })
        }))
    }
}

async fn claim(
    connection: &mut PgConnection,
    claim: Claim<'_>,
    place: &Place,
) -> Result<Vec<(String, Lease)>, RunError> {
    let rows = sqlx::query(include_str!("sql/claim_workers.sql"))
        .bind(claim.workers)
        .bind(claim.owner)
        .bind(claim.lasts.as_secs_f64())
        .fetch_all(connection)
        .await?;
    let claimed = |row: &PgRow| {
        let last = last_event(row.try_get(4)?, row.try_get(5)?);
        let at = cursor(row.try_get(2)?, place)?;
        let lease = Lease::new(row.try_get(1)?, at, row.try_get(3)?, last);
        Ok((row.try_get(0)?, lease))
    };
    rows.iter().map(claimed).collect()
}

async fn parked(
    connection: &mut PgConnection,
    worker: &str,
    place: &Place,
) -> Result<Vec<Parked>, RunError> {
    let rows = sqlx::query(include_str!("sql/parked.sql"))
        .bind(worker)
        .fetch_all(connection)
        .await?;
    let parked = |row: &PgRow| {
        let [tenant, event]: [Uuid; 2] = [row.try_get(0)?, row.try_get(2)?];
        let (tenant, event) = (TenantId::from_uuid(tenant), EventId::from_uuid(event));
        let parked = Parked::new(
            tenant,
            cursor(row.try_get(1)?, place)?,
            event,
            row.try_get(3)?,
        );
        let since = row.try_get(4)?;
        Ok(Parked { since, ..parked })
    };
    rows.iter().map(parked).collect()
}

/// The last event that rows are made of, if there is one.
pub(super) fn last_event(position: Option<i64>, id: Option<Uuid>) -> Option<LastEvent> {
    let position = Position::new(u64::try_from(position?).ok()?);
    Some(LastEvent::new(position, EventId::from_uuid(id?)))
}

pub(super) fn cursor(text: &str, place: &Place) -> Result<Cursor, RunError> {
    text.parse::<Cursor>().map_err(|error| {
        RunError::Error(StoreError::CorruptTable {
            place: place.to_string(),
            what: error.to_string(),
        })
    })
}

pub(super) async fn load(
    connection: &mut PgConnection,
    build: Build<'_>,
    keys: &[Key],
    place: &Place,
) -> Result<Vec<Row>, RunError> {
    let (table, name) = (build.table, build.quoted(DIALECT));
    let (key, stored) = (table.key(), table.stored_columns());
    let columns = selected(&stored);
    let given = Given {
        first: 2,
        columns: key,
    };
    // The setting is made before the statement turns to the rows, which the policies show to their worker only.
    let sql = format!(
        "WITH setting AS MATERIALIZED (SELECT set_config('intent.worker', $1, true) AS worker) \
         SELECT found.* FROM setting CROSS JOIN LATERAL (SELECT tenant_id, {columns} FROM {name} JOIN {} AS k ({}) USING ({}) \
         WHERE setting.worker IS NOT NULL OFFSET 0) AS found",
        given.unnest(),
        Table::all(key),
        Table::all(key),
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(table.name);
    let query = bind_rows(query, key, keys);
    let rows = query.fetch_all(&mut *connection).await?;
    if rows.len() < keys.len() {
        policies::shows_rows(connection, table, &name, place).await?;
    }
    let row = |row: &PgRow| {
        let tenant = TenantId::from_uuid(row.try_get(0)?);
        Ok(Row::new(tenant, cells(&stored, row, 1)?))
    };
    rows.iter().map(row).collect()
}

/// The settings are made for this statement, before it turns to the rows: the policies let it see this tenant's rows and no
/// others. Conditions, order and limit stand within the lateral part, where the tenant is a constant, so that indexes are used.
async fn select(
    connection: &mut PgConnection,
    select: Select<'_>,
) -> Result<Vec<Vec<Cell>>, RunError> {
    let (table, tail) = (select.table, select.tail());
    let (columns, name) = (selected(table.columns), table.read(DIALECT));
    let all = list(table.columns, str::to_owned);
    let (tenant, condition) = (tail.parameters.len() + 1, tail.condition);
    let sql = format!(
        "WITH setting AS MATERIALIZED (SELECT set_config('intent.tenant', ${tenant}::uuid::text, true)::uuid AS tenant_id, \
         set_config('intent.application', 'on', true)) \
         SELECT found.* FROM setting CROSS JOIN LATERAL (SELECT * FROM (SELECT {columns} \
         FROM (SELECT {all} FROM {name} WHERE tenant_id = setting.tenant_id{condition}) AS t {}) AS wanted OFFSET 0) AS found",
        tail.text
    );
    let query = tail
        .parameters
        .iter()
        .fold(sqlx::query(AssertSqlSafe(sql)), |query, cell| {
            match cell.as_ref() {
                Cell::Null => query.bind(None::<&str>),
                Cell::Bool(it) => query.bind(*it),
                Cell::Integer(it) => query.bind(*it),
                Cell::Float(it) => query.bind(*it),
                Cell::Text(it) | Cell::Json(it) => query.bind(it.as_str()),
                Cell::Id(it) => query.bind(*it),
                Cell::Time(it) => query.bind(*it),
            }
        });
    let rows = query
        .bind(select.tenant.as_uuid())
        .fetch_all(connection)
        .await?;
    let cells = |row: &PgRow| Ok(cells(table.columns, row, 0)?);
    rows.iter().map(cells).collect()
}
