//! Builds of read models on SQLite: their tables, and the views that show one of them.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};
use uuid::Uuid;

use crate::{
    record::{
        id::{EventId, TenantId},
        timestamp::Timestamp,
    },
    store::{
        memory::tables::MemoryTables,
        port::StoreFuture,
        sqlite::{
            SqliteStore,
            tables::{DIALECT, Ended, cursor, in_micros, last_event, uuid},
        },
        tables::{
            Lease, Table,
            builds::{Build, BuildState, Builds, Drift, Publish, Published, Skip, SkipEvent},
            drift::Index,
        },
    },
};

/// Offers the builds in a database of SQLite: `$change` runs work in a transaction, which is committed if the work says so, and
/// `$look` runs work that reads.
macro_rules! builds {
    ($store:ty, $change:ident, $look:ident) => {
        impl Builds for $store {
            fn enlist<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
                Box::pin(self.$change(async move |it| Ok((enlist(it, table).await?, true))))
            }

            fn prepare<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
                Box::pin(self.$change(async move |it| Ok((prepare(it, table).await?, true))))
            }

            fn builds<'a>(&'a self, of: Option<&'a Table>) -> StoreFuture<'a, Vec<BuildState>> {
                Box::pin(self.$look(async move |it| builds(it, of).await))
            }

            fn begin<'a>(
                &'a self,
                build: Build<'a>,
                lease: Lease,
                owner: Uuid,
            ) -> StoreFuture<'a, bool> {
                Box::pin(self.$change(async move |it| {
                    let begun = begin(it, build, lease, owner).await?;
                    Ok((begun, begun))
                }))
            }

            fn inspect<'a>(&'a self, build: Build<'a>) -> StoreFuture<'a, Vec<Drift>> {
                Box::pin(self.$look(async move |it| inspect(it, build).await))
            }

            fn drop_statements(&self, build: &BuildState, newest: bool) -> Option<String> {
                Some(build.drop_statements(newest, DIALECT))
            }

            fn publish<'a>(&'a self, wanted: Publish<'a>) -> StoreFuture<'a, Published> {
                Box::pin(self.$change(async move |it| {
                    let done = publish(it, wanted).await?;
                    Ok((done, done == Published::Done))
                }))
            }

            fn note_failure<'a>(
                &'a self,
                worker: &'a str,
                owner: Uuid,
                reason: &'a str,
            ) -> StoreFuture<'a, ()> {
                Box::pin(self.$change(async move |it| {
                    Ok((note_failure(it, worker, owner, reason).await?, true))
                }))
            }

            fn rebuild<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, u32> {
                Box::pin(self.$change(async move |it| Ok((rebuild(it, table).await?, true))))
            }

            fn pause<'a>(&'a self, table: &'a Table, paused: bool) -> StoreFuture<'a, ()> {
                Box::pin(self.$change(async move |it| Ok((pause(it, table, paused).await?, true))))
            }

            fn skip<'a>(
                &'a self,
                table: &'a Table,
                wanted: SkipEvent<'a>,
            ) -> StoreFuture<'a, bool> {
                Box::pin(self.$change(async move |it| Ok((skip(it, table, wanted).await?, true))))
            }

            fn skips<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, Vec<Skip>> {
                Box::pin(self.$look(async move |it| skips(it, table).await))
            }
        }
    };
}

builds!(SqliteStore, on_tables, look_at_tables);
builds!(MemoryTables, run, look);

async fn enlist(connection: &mut SqliteConnection, table: &Table) -> Result<(), Ended> {
    sqlx::query(include_str!("sql/enlist.sql"))
        .bind(Build::new(table, 1).worker())
        .bind(table.name)
        .bind(i64::from(table.version))
        .execute(connection)
        .await?;
    Ok(())
}

async fn prepare(connection: &mut SqliteConnection, table: &Table) -> Result<(), Ended> {
    enlist(connection, table).await?;
    let build = Build::new(table, 1);
    let has_begun: Option<bool> = sqlx::query_scalar(include_str!("sql/has_begun.sql"))
        .bind(build.worker())
        .fetch_optional(&mut *connection)
        .await?;
    // Without its first build it has a later one.
    if has_begun.unwrap_or(true) || !columns(connection, build).await?.is_empty() {
        return Ok(());
    }
    for statement in build.create(DIALECT) {
        run(connection, statement).await?;
    }
    Ok(())
}

async fn builds(
    connection: &mut SqliteConnection,
    of: Option<&Table>,
) -> Result<Vec<BuildState>, Ended> {
    let rows = sqlx::query(include_str!("sql/builds.sql"))
        .bind(of.map(|table| table.name))
        .bind(of.map(|table| i64::from(table.version)))
        .bind(in_micros(Timestamp::now()))
        .fetch_all(connection)
        .await?;
    let state = |row: &SqliteRow| {
        let parked: i64 = row.try_get(9)?;
        Ok(BuildState {
            worker: row.try_get(0)?,
            model: row.try_get(1)?,
            version: row.try_get(2)?,
            number: row.try_get(3)?,
            epoch: row.try_get(4)?,
            holder: row.try_get(5)?,
            paused: row.try_get(6)?,
            published: row.try_get(7)?,
            cursor: cursor(row, 8)?,
            parked: u64::try_from(parked).unwrap_or(0),
            failure: row.try_get(10)?,
            // 0 while nobody has the lease.
            expires: Some(row.try_get(11)?).filter(|at: &Timestamp| at.as_micros() > 0),
            last: last_event(row.try_get(12)?, row.try_get(13)?),
            heard: row.try_get(14)?,
        })
    };
    rows.iter().map(state).collect()
}

/// Makes the table of a build that has not begun.
async fn begin(
    connection: &mut SqliteConnection,
    build: Build<'_>,
    lease: Lease,
    owner: Uuid,
) -> Result<bool, Ended> {
    let row = sqlx::query(include_str!("sql/begin_build.sql"))
        .bind(build.worker())
        .bind(lease.epoch)
        .bind(owner)
        .fetch_optional(&mut *connection)
        .await?;
    if row.is_none() {
        return Ok(false);
    }
    if !build.table.has_rows() {
        return Ok(true);
    }
    for build in build.tables() {
        let drop = format!("DROP TABLE IF EXISTS {}", build.quoted(DIALECT));
        for statement in std::iter::once(drop).chain(build.create(DIALECT)) {
            run(connection, statement).await?;
        }
    }
    Ok(true)
}

async fn inspect(connection: &mut SqliteConnection, build: Build<'_>) -> Result<Vec<Drift>, Ended> {
    if !build.table.has_rows() {
        return Ok(Vec::new());
    }
    let mut drifts = Vec::new();
    for build in build.tables() {
        drifts.extend(build.differs(DIALECT, &columns(connection, build).await?));
    }
    // A table of other columns is built anew, with all that goes with it.
    if !drifts.is_empty() {
        return Ok(drifts);
    }
    for build in build.tables() {
        drifts.extend(build.index_drifts(DIALECT, &indexes(connection, build).await?));
    }
    let shown = sqlx::query_as(include_str!("sql/is_shown.sql")).bind(build.worker());
    let shown: Option<(bool, bool)> = shown.fetch_optional(&mut *connection).await?;
    let Some((true, is_newest)) = shown else {
        return Ok(drifts);
    };
    let newest = is_newest.then(|| build.table.name.to_owned());
    for view in [build.table.view()].into_iter().chain(newest) {
        let [drop, create] = showing(build, &view);
        let made = sqlx::query_scalar(include_str!("sql/view.sql"));
        let made = made.bind(format!("{}{view}", DIALECT.prefix));
        let made: Option<String> = made.fetch_optional(&mut *connection).await?;
        let what = match made {
            None => "is missing",
            Some(made) if made != create => "was altered",
            Some(_) => continue,
        };
        let what = format!("the view {} {what}", DIALECT.name(&view));
        drifts.push(Drift::new(what).mended_by(format!("{drop}; {create};")));
    }
    Ok(drifts)
}

/// The statements that let a view show a build.
fn showing(build: Build<'_>, view: &str) -> [String; 2] {
    let (view, shown) = (DIALECT.name(view), build.shown(DIALECT));
    let drop = format!("DROP VIEW IF EXISTS {view}");
    [drop, format!("CREATE VIEW {view} AS {shown}")]
}

async fn indexes(connection: &mut SqliteConnection, build: Build<'_>) -> Result<Vec<Index>, Ended> {
    let rows = sqlx::query_as(include_str!("sql/table_indexes.sql"))
        .bind(format!("{}{}", DIALECT.prefix, build.table_name()))
        .fetch_all(connection);
    let rows: Vec<(String, bool, bool, bool, String)> = rows.await?;
    let mut indexes: Vec<Index> = Vec::new();
    for (name, unique, partial, primary, column) in rows {
        match indexes.last_mut().filter(|index| index.name == name) {
            Some(index) => index.columns.push(column),
            None => indexes.push(Index {
                name,
                columns: vec![column],
                unique,
                partial,
                primary,
            }),
        }
    }
    Ok(indexes)
}

/// The columns of a table that is there, if it is: each with its type and whether it may be empty.
async fn columns(
    connection: &mut SqliteConnection,
    build: Build<'_>,
) -> Result<Vec<(String, String, bool)>, Ended> {
    let rows = sqlx::query(include_str!("sql/table_columns.sql"))
        .bind(format!("{}{}", DIALECT.prefix, build.table_name()))
        .fetch_all(connection)
        .await?;
    let column =
        |row: &SqliteRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    Ok(rows.iter().map(column).collect::<Result<Vec<_>, _>>()?)
}

async fn publish(
    connection: &mut SqliteConnection,
    wanted: Publish<'_>,
) -> Result<Published, Ended> {
    let Publish { build, lease, .. } = wanted;
    let Table { name, version, .. } = *build.table;
    let worker = build.worker();
    let rows = sqlx::query(include_str!("sql/lock_builds.sql"))
        .bind(name)
        .fetch_all(&mut *connection)
        .await?;
    let (mut is_held, mut is_newest) = (false, true);
    for row in &rows {
        let (published, other): (bool, u32) = (row.try_get(6)?, row.try_get(1)?);
        let at = cursor(row, 5)?;
        if row.try_get::<&str, _>(0)? == worker {
            let holder: (i64, Option<Uuid>) = (row.try_get(3)?, row.try_get(4)?);
            is_held = holder == (lease.epoch, Some(wanted.owner)) && at == lease.cursor;
        } else if published && other == version && wanted.is_behind(at) {
            return Ok(Published::Behind);
        }
        is_newest &= !published || other <= version;
    }
    if !is_held {
        return Ok(Published::Lost);
    }
    drop_builds(connection, build, true).await?;
    sqlx::query(include_str!("sql/publish_build.sql"))
        .bind(&worker)
        .execute(&mut *connection)
        .await?;
    if !build.table.has_rows() {
        return Ok(Published::Done);
    }
    show(connection, build, &build.table.view()).await?;
    if is_newest {
        show(connection, build, name).await?;
    }
    let start = format!("{}{}_", DIALECT.prefix, build.table.view());
    let tables = sqlx::query_scalar(include_str!("sql/build_tables.sql")).bind(start);
    let tables: Vec<String> = tables.fetch_all(&mut *connection).await?;
    let names = tables
        .iter()
        .filter_map(|table| table.strip_prefix(DIALECT.prefix));
    for table in build.earlier(names.map(str::to_owned).collect()) {
        run(connection, format!("DROP TABLE {}", DIALECT.name(&table))).await?;
    }
    Ok(Published::Done)
}

/// Lets a view show a build.
async fn show(
    connection: &mut SqliteConnection,
    build: Build<'_>,
    view: &str,
) -> Result<(), Ended> {
    for statement in showing(build, view) {
        run(connection, statement).await?;
    }
    Ok(())
}

async fn run(connection: &mut SqliteConnection, statement: String) -> Result<(), Ended> {
    let statement = sqlx::query(AssertSqlSafe(statement));
    statement.execute(connection).await?;
    Ok(())
}

/// The builds of the same version before this one are no more: all of them, or those that are not published.
async fn drop_builds(
    connection: &mut SqliteConnection,
    build: Build<'_>,
    all: bool,
) -> Result<(), Ended> {
    sqlx::query(include_str!("sql/drop_builds.sql"))
        .bind(build.table.name)
        .bind(i64::from(build.table.version))
        .bind(i64::from(build.number))
        .bind(all)
        .execute(&mut *connection)
        .await?;
    let forget = sqlx::query(include_str!("sql/forget_parked.sql"));
    forget.execute(connection).await?;
    Ok(())
}

async fn note_failure(
    connection: &mut SqliteConnection,
    worker: &str,
    owner: Uuid,
    reason: &str,
) -> Result<(), Ended> {
    sqlx::query(include_str!("sql/note_failure.sql"))
        .bind(worker)
        .bind(owner)
        .bind(reason)
        .bind(in_micros(Timestamp::now()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn rebuild(connection: &mut SqliteConnection, table: &Table) -> Result<u32, Ended> {
    let number = sqlx::query_scalar(include_str!("sql/rebuild.sql"))
        .bind(table.name)
        .bind(i64::from(table.version))
        .fetch_one(&mut *connection)
        .await?;
    drop_builds(connection, Build::new(table, number), false).await?;
    Ok(number)
}

async fn pause(
    connection: &mut SqliteConnection,
    table: &Table,
    paused: bool,
) -> Result<(), Ended> {
    sqlx::query(include_str!("sql/pause.sql"))
        .bind(table.name)
        .bind(i64::from(table.version))
        .bind(paused)
        .bind(in_micros(Timestamp::now()))
        .execute(connection)
        .await?;
    Ok(())
}

async fn skip(
    connection: &mut SqliteConnection,
    table: &Table,
    wanted: SkipEvent<'_>,
) -> Result<bool, Ended> {
    sqlx::query(include_str!("sql/note_skip.sql"))
        .bind(table.name)
        .bind(i64::from(table.version))
        .bind(wanted.event.as_uuid())
        .bind(wanted.reason)
        .bind(wanted.by)
        .bind(in_micros(Timestamp::now()))
        .execute(&mut *connection)
        .await?;
    let begin_anew: Vec<bool> = sqlx::query_scalar(include_str!("sql/skip.sql"))
        .bind(table.name)
        .bind(i64::from(table.version))
        .bind(wanted.event.as_uuid())
        .fetch_all(&mut *connection)
        .await?;
    if begin_anew.contains(&true) {
        rebuild(connection, table).await?;
    }
    Ok(!begin_anew.is_empty())
}

async fn skips(connection: &mut SqliteConnection, table: &Table) -> Result<Vec<Skip>, Ended> {
    let rows = sqlx::query(include_str!("sql/skips.sql"))
        .bind(table.name)
        .bind(i64::from(table.version))
        .fetch_all(connection)
        .await?;
    let skip = |row: &SqliteRow| {
        Ok(Skip::new(
            TenantId::from_uuid(uuid(row, 0)?),
            EventId::from_uuid(uuid(row, 1)?),
            row.try_get(2)?,
            row.try_get(3)?,
            row.try_get(4)?,
        ))
    };
    rows.iter().map(skip).collect()
}
