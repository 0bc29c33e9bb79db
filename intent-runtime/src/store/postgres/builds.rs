//! Builds of read models on Postgres: their tables, and the views that show one of them.

use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    record::id::{EventId, TenantId},
    store::{
        port::StoreFuture,
        postgres::{
            PgStore,
            connection::error::{Place, RunError},
            policies,
            tables::{DIALECT, cursor, last_event},
            views::{self, show},
        },
        tables::{
            Lease, Table,
            builds::{Build, BuildState, Builds, Drift, Publish, Published, Skip, SkipEvent},
            drift::Index,
        },
    },
};

impl Builds for PgStore {
    fn enlist<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
        Box::pin(self.pool.run(table, |table, connection| {
            Box::pin(async move {
                let first = sqlx::query(include_str!("sql/enlist.sql"));
                let first = first.bind(Build::new(table, 1).worker()).bind(table.name);
                first
                    .bind(i64::from(table.version))
                    .execute(connection)
                    .await?;
                Ok(())
            })
        }))
    }

    fn prepare<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.enlist(table).await?;
            let build = Build::new(table, 1);
            let prepare = self.pool.run(build, |build, connection| {
                Box::pin(async move {
                    let has_begun = sqlx::query_scalar(include_str!("sql/has_begun.sql"));
                    let has_begun = has_begun.bind(build.worker());
                    let has_begun: Option<bool> =
                        has_begun.fetch_optional(&mut *connection).await?;
                    // Without its first build it has a later one.
                    if has_begun.unwrap_or(true)
                        || !columns(connection, &build.table_name()).await?.is_empty()
                    {
                        return Ok(());
                    }
                    let lock = concat!("BEGIN; ", include_str!("sql/lock_migrations.sql"));
                    sqlx::raw_sql(lock).execute(&mut *connection).await?;
                    make(connection, *build, Vec::new()).await?;
                    sqlx::raw_sql("COMMIT").execute(connection).await?;
                    Ok(())
                })
            });
            prepare.await
        })
    }

    fn builds<'a>(&'a self, of: Option<&'a Table>) -> StoreFuture<'a, Vec<BuildState>> {
        let with = (of, self.pool.place());
        Box::pin(self.pool.run(with, |(of, place), connection| {
            Box::pin(async move {
                let rows = sqlx::query(include_str!("sql/builds.sql"))
                    .bind(of.map(|table| table.name))
                    .bind(of.map(|table| i64::from(table.version)))
                    .fetch_all(connection)
                    .await?;
                rows.iter().map(|row| state(row, place)).collect()
            })
        }))
    }

    fn begin<'a>(&'a self, build: Build<'a>, lease: Lease, owner: Uuid) -> StoreFuture<'a, bool> {
        let with = (build, lease, owner);
        Box::pin(self.pool.run(with, |(build, lease, owner), connection| {
            Box::pin(begin(connection, *build, *lease, *owner))
        }))
    }

    fn inspect<'a>(&'a self, build: Build<'a>) -> StoreFuture<'a, Vec<Drift>> {
        Box::pin(self.pool.run(build, |build, connection| {
            Box::pin(async move {
                if !build.table.has_rows() {
                    return Ok(Vec::new());
                }
                let mut drifts = Vec::new();
                for build in build.tables() {
                    let found = columns(connection, &build.table_name()).await?;
                    drifts.extend(build.differs(DIALECT, &found));
                }
                // A table of other columns is built anew, with all that goes with it.
                if !drifts.is_empty() {
                    return Ok(drifts);
                }
                for build in build.tables() {
                    let name = build.quoted(DIALECT);
                    let indexes = indexes(connection, build).await?;
                    drifts.extend(build.index_drifts(DIALECT, &indexes));
                    drifts.extend(policies::hidden(connection, build.table, &name).await?);
                }
                drifts.extend(views::drift(connection, *build).await?);
                Ok(drifts)
            })
        }))
    }

    fn lacking(&self) -> StoreFuture<'_, Vec<Drift>> {
        Box::pin(self.pool.run((), |(), connection| {
            Box::pin(async move {
                let rows = sqlx::query_as(include_str!("sql/lacking.sql"));
                let rows: Vec<(String, String)> = rows.fetch_all(connection).await?;
                let drift = |(right, grant): (String, String)| {
                    Drift::new(format!("the role lacks {right}")).mended_by(grant)
                };
                Ok(rows.into_iter().map(drift).collect())
            })
        }))
    }

    fn drop_statements(&self, build: &BuildState, newest: bool) -> Option<String> {
        Some(build.drop_statements(newest, DIALECT))
    }

    fn publish<'a>(&'a self, wanted: Publish<'a>) -> StoreFuture<'a, Published> {
        let with = (wanted, self.pool.place());
        Box::pin(self.pool.run(with, |(wanted, place), connection| {
            Box::pin(async move {
                let done = publish(connection, wanted, place).await;
                let done = match done {
                    Err(RunError::Failure(failure)) if failure.waited_for_lock() => {
                        Ok(Published::Busy)
                    }
                    done => done,
                };
                if matches!(
                    done,
                    Ok(Published::Behind | Published::Busy | Published::Lost)
                ) {
                    sqlx::raw_sql("ROLLBACK").execute(connection).await?;
                }
                done
            })
        }))
    }

    fn note_failure<'a>(
        &'a self,
        worker: &'a str,
        owner: Uuid,
        reason: &'a str,
    ) -> StoreFuture<'a, ()> {
        let with = (worker, owner, reason);
        Box::pin(self.pool.run(with, |(worker, owner, reason), connection| {
            Box::pin(async move {
                let note = sqlx::query(include_str!("sql/note_failure.sql"));
                let note = note.bind(*worker).bind(*owner).bind(*reason);
                note.execute(connection).await?;
                Ok(())
            })
        }))
    }

    fn rebuild<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, u32> {
        Box::pin(self.pool.run(table, |table, connection| {
            Box::pin(async move { Ok(rebuild(connection, table).await?) })
        }))
    }

    fn pause<'a>(&'a self, table: &'a Table, paused: bool) -> StoreFuture<'a, ()> {
        let with = (table, paused);
        Box::pin(self.pool.run(with, |(table, paused), connection| {
            Box::pin(async move {
                let pause = sqlx::query(include_str!("sql/pause.sql"));
                let pause = pause.bind(table.name).bind(i64::from(table.version));
                pause.bind(*paused).execute(connection).await?;
                Ok(())
            })
        }))
    }

    fn skip<'a>(&'a self, table: &'a Table, skip: SkipEvent<'a>) -> StoreFuture<'a, bool> {
        Box::pin(self.pool.run((table, skip), |(table, skip), connection| {
            Box::pin(async move {
                sqlx::raw_sql(include_str!("sql/begin_building.sql"))
                    .execute(&mut *connection)
                    .await?;
                let begin_anew = sqlx::query_scalar(include_str!("sql/skip.sql"))
                    .bind(table.name)
                    .bind(i64::from(table.version))
                    .bind(skip.event.as_uuid())
                    .bind(skip.reason)
                    .bind(skip.by);
                let begin_anew: Vec<bool> = begin_anew.fetch_all(&mut *connection).await?;
                if begin_anew.contains(&true) {
                    rebuild(connection, table).await?;
                }
                sqlx::raw_sql("COMMIT").execute(connection).await?;
                Ok(!begin_anew.is_empty())
            })
        }))
    }

    fn skips<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, Vec<Skip>> {
        Box::pin(self.pool.run(table, |table, connection| {
            Box::pin(async move {
                let rows = sqlx::query(include_str!("sql/skips.sql"))
                    .bind(table.name)
                    .bind(i64::from(table.version))
                    .fetch_all(connection)
                    .await?;
                let skip = |row: &PgRow| {
                    Ok(Skip::new(
                        TenantId::from_uuid(row.try_get(0)?),
                        EventId::from_uuid(row.try_get(1)?),
                        row.try_get(2)?,
                        row.try_get(3)?,
                        row.try_get(4)?,
                    ))
                };
                rows.iter().map(skip).collect()
            })
        }))
    }
}

fn state(row: &PgRow, place: &Place) -> Result<BuildState, RunError> {
    let parked: i64 = row.try_get(9)?;
    Ok(BuildState {
        worker: row.try_get(0)?,
        model: row.try_get(1)?,
        version: number(row, 2)?,
        number: number(row, 3)?,
        epoch: row.try_get(4)?,
        holder: row.try_get(5)?,
        paused: row.try_get(6)?,
        published: row.try_get(7)?,
        cursor: cursor(row.try_get(8)?, place)?,
        parked: u64::try_from(parked).unwrap_or(0),
        failure: row.try_get(10)?,
        expires: row.try_get(11)?,
        last: last_event(row.try_get(12)?, row.try_get(13)?),
        heard: row.try_get(14)?,
    })
}

/// A version or the number of a build.
fn number(row: &PgRow, index: usize) -> Result<u32, sqlx::Error> {
    let number: i64 = row.try_get(index)?;
    u32::try_from(number).map_err(|error| sqlx::Error::ColumnDecode {
        index: index.to_string(),
        source: error.into(),
    })
}

async fn rebuild(connection: &mut PgConnection, table: &Table) -> Result<u32, sqlx::Error> {
    let row = sqlx::query(include_str!("sql/rebuild.sql"))
        .bind(table.name)
        .bind(i64::from(table.version))
        .fetch_one(connection)
        .await?;
    number(&row, 0)
}

/// Makes the table of a build that has not begun. One of its name that is empty and right stays.
async fn begin(
    connection: &mut PgConnection,
    build: Build<'_>,
    lease: Lease,
    owner: Uuid,
) -> Result<bool, RunError> {
    // Several processes may start at once, and `IF NOT EXISTS` alone does not keep them apart.
    let lock = concat!(
        include_str!("sql/begin_building.sql"),
        include_str!("sql/lock_migrations.sql")
    );
    sqlx::raw_sql(lock).execute(&mut *connection).await?;
    let row = sqlx::query(include_str!("sql/begin_build.sql"))
        .bind(build.worker())
        .bind(lease.epoch)
        .bind(owner)
        .fetch_optional(&mut *connection)
        .await?;
    if row.is_none() {
        sqlx::raw_sql("ROLLBACK").execute(connection).await?;
        return Ok(false);
    }
    if !build.table.has_rows() {
        sqlx::raw_sql("COMMIT").execute(connection).await?;
        return Ok(true);
    }
    for build in build.tables() {
        begin_table(connection, build).await?;
    }
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(true)
}

async fn begin_table(connection: &mut PgConnection, build: Build<'_>) -> Result<(), RunError> {
    let found = columns(connection, &build.table_name()).await?;
    let table = build.quoted(DIALECT);
    let mut making = Vec::new();
    if !found.is_empty() {
        // The policies show rows to their worker only.
        let setting = sqlx::query(include_str!("sql/act_as_worker.sql")).bind(build.table.name);
        setting.execute(&mut *connection).await?;
        let any = format!("SELECT FROM {table} LIMIT 1");
        let any = sqlx::query(AssertSqlSafe(any)).fetch_optional(&mut *connection);
        if any.await?.is_some() || !build.differs(DIALECT, &found).is_empty() {
            making.push(format!("DROP TABLE {table}"));
        }
    }
    if found.is_empty() || !making.is_empty() {
        make(connection, build, making).await?;
    }
    Ok(())
}

/// Makes a table with its policies, after what else is to be done.
async fn make(
    connection: &mut PgConnection,
    build: Build<'_>,
    mut making: Vec<String>,
) -> Result<(), sqlx::Error> {
    making.push(include_str!("sql/read_schema.sql").to_owned());
    making.extend(build.create(DIALECT));
    let making = sqlx::raw_sql(AssertSqlSafe(making.join(";\n")));
    making.execute(&mut *connection).await?;
    policies::guard(connection, build.table, &build.quoted(DIALECT)).await
}

async fn indexes(
    connection: &mut PgConnection,
    build: Build<'_>,
) -> Result<Vec<Index>, sqlx::Error> {
    let rows = sqlx::query(include_str!("sql/table_indexes.sql"))
        .bind(build.table_name())
        .fetch_all(connection)
        .await?;
    let index = |row: &PgRow| {
        Ok(Index {
            name: row.try_get(0)?,
            columns: row.try_get(1)?,
            unique: row.try_get(2)?,
            partial: row.try_get(3)?,
            primary: row.try_get(4)?,
        })
    };
    rows.iter().map(index).collect()
}

/// The columns of a table or a view that is there, if it is: each with its type and whether it may be empty.
pub(super) async fn columns(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Vec<(String, String, bool)>, sqlx::Error> {
    let rows = sqlx::query(include_str!("sql/table_columns.sql"))
        .bind(name)
        .fetch_all(connection)
        .await?;
    let column = |row: &PgRow| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    rows.iter().map(column).collect()
}

async fn publish(
    connection: &mut PgConnection,
    wanted: &Publish<'_>,
    place: &Place,
) -> Result<Published, RunError> {
    let Publish {
        build,
        lease,
        owner,
        ..
    } = *wanted;
    let begin = include_str!("sql/begin_publishing.sql");
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    let Table { name, version, .. } = *build.table;
    let worker = build.worker();
    let rows = sqlx::query(include_str!("sql/lock_builds.sql"))
        .bind(name)
        .fetch_all(&mut *connection)
        .await?;
    let (mut is_held, mut is_newest) = (false, true);
    for row in &rows {
        let (published, other): (bool, u32) = (row.try_get(6)?, number(row, 1)?);
        let at = cursor(row.try_get(5)?, place)?;
        if row.try_get::<&str, _>(0)? == worker {
            let holder: (i64, Option<Uuid>) = (row.try_get(3)?, row.try_get(4)?);
            is_held = holder == (lease.epoch, Some(owner)) && at == lease.cursor;
        } else if published && other == version && wanted.is_behind(at) {
            return Ok(Published::Behind);
        }
        is_newest &= !published || other <= version;
    }
    if !is_held {
        return Ok(Published::Lost);
    }
    sqlx::query(include_str!("sql/publish_build.sql"))
        .bind(&worker)
        .bind(name)
        .bind(i64::from(version))
        .bind(i64::from(build.number))
        .execute(&mut *connection)
        .await?;
    if !build.table.has_rows() {
        sqlx::raw_sql("COMMIT").execute(connection).await?;
        return Ok(Published::Done);
    }
    // First everybody's: who may read that may read the view of a new version too.
    if is_newest {
        show(connection, build, name).await?;
    }
    show(connection, build, &build.table.view()).await?;
    let tables = sqlx::query_scalar(include_str!("sql/build_tables.sql"));
    let start = format!("{}_", build.table.view());
    let tables: Vec<String> = tables.bind(start).fetch_all(&mut *connection).await?;
    for table in build.earlier(tables) {
        let drop = format!("DROP TABLE {}", DIALECT.name(&table));
        sqlx::raw_sql(AssertSqlSafe(drop))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(Published::Done)
}
