//! Opening a database: finding out what it is and whose it is before anything in it changes, then bringing our tables up
//! to date.

use sqlx::{Connection, PgConnection, Row};

use crate::store::{
    error::StoreError,
    migrations::{self, Applied, Found},
    postgres::{
        connection::{
            error::{Failure, Kind, Place, RunError},
            run::within,
        },
        schema::{self, KNOWN, MIGRATIONS},
    },
};

/// Our own list of applied migrations.
const LIST: &str = "intent.migrations";

/// The oldest server whose features are used.
const OLDEST_SERVER: i32 = 13_00_00;

/// What strict tenancy forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// The role may do more than an application needs.
    Rights(&'static str),
    /// Row-level security is switched off, as in a database that was restored without its policies.
    NoPolicies,
}

/// Finds out what the database is, and migrates it if that is needed and the role may. Returns what strict tenancy forbids.
pub(super) async fn open(
    connection: &mut PgConnection,
    place: &Place,
) -> Result<Option<Excess>, RunError> {
    let probed = within(probe(connection, place)).await?;
    let (mut excess, in_recovery) = (probed.excess, probed.in_recovery);
    if let Found::Older(found) = probed.found {
        if in_recovery {
            return Err(not_migrated(place, found, None));
        }
        // No time limit: a migration may take long, and so may another process that is migrating.
        migrate(connection, place, found).await?;
        excess = within(probe(connection, place)).await?.excess;
    }
    within(schema::check(connection, place)).await?;
    Ok(excess)
}

/// Fails if the schema is not what this build needs. The error says what is wrong.
pub(super) async fn check(connection: &mut PgConnection, place: &Place) -> Result<(), RunError> {
    match probe(connection, place).await?.found {
        Found::Older(found) => Err(not_migrated(place, found, None)),
        Found::Usable => schema::check(connection, place).await,
    }
}

struct Probed {
    found: Found,
    in_recovery: bool,
    excess: Option<Excess>,
}

async fn probe(connection: &mut PgConnection, place: &Place) -> Result<Probed, RunError> {
    let row = sqlx::query(include_str!("sql/probe.sql"));
    let row = row.fetch_one(&mut *connection).await?;
    let server_version: i32 = row.try_get("server_version")?;
    let encoding: &str = row.try_get("encoding")?;
    let what = if server_version < OLDEST_SERVER {
        Some("a server older than PostgreSQL 13: upgrade it")
    } else if encoding != "UTF8" {
        Some("a database in another encoding than UTF8: make one with ENCODING 'UTF8'")
    } else {
        None
    };
    if let Some(what) = what {
        let place = place.to_string();
        return Err(StoreError::Unsupported { place, what }.into());
    }
    let ours: bool = row.try_get("migrations")?;
    let tables: Option<String> = row.try_get("tables")?;
    let found = match (ours, tables) {
        (true, tables) => inspect(connection, place, tables.as_deref()).await?,
        (false, Some(table)) => {
            let lost = schema::without_list(connection, place).await?;
            return Err(lost.unwrap_or_else(|| place.foreign(&table)).into());
        }
        (false, None) => Found::Older(0),
    };
    let excess = [
        ("superuser", "is a superuser"),
        ("bypasses", "bypasses row-level security"),
        ("owner", "owns the tables"),
    ];
    let mut most = None;
    for (column, what) in excess {
        if row.try_get(column)? {
            most = most.or(Some(Excess::Rights(what)));
        }
    }
    if row.try_get("unguarded")? {
        most = Some(Excess::NoPolicies);
    }
    Ok(Probed {
        found,
        in_recovery: row.try_get("in_recovery")?,
        excess: most,
    })
}

async fn inspect(
    connection: &mut PgConnection,
    place: &Place,
    tables: Option<&str>,
) -> Result<Found, RunError> {
    let applied = sqlx::query_as::<_, Applied>(include_str!("sql/applied_migrations.sql"));
    let applied = applied.fetch_all(&mut *connection).await;
    let applied = match applied.map_err(Failure::from) {
        Ok(applied) => applied,
        // The table lacks the columns of our list.
        Err(failure) if matches!(failure.kind(), Kind::NoSchema | Kind::Other) => {
            return Err(place.foreign(LIST).into());
        }
        Err(failure) => {
            if failure.kind() == Kind::Forbidden {
                schema::check_rights(connection, place).await?;
            }
            return Err(failure.into());
        }
    };
    Ok(migrations::judge(KNOWN, &applied, (LIST, tables), place)?)
}

/// Brings our tables up to date, all or nothing, and only one process at a time.
async fn migrate(connection: &mut PgConnection, place: &Place, found: i64) -> Result<(), RunError> {
    let refused = |error: sqlx::Error| match Failure::from(error) {
        failure if failure.kind() == Kind::Forbidden => not_migrated(place, found, Some(failure)),
        failure => failure.into(),
    };
    let begin = include_str!("sql/begin_migration.sql");
    let mut transaction = connection.begin_with(begin).await?;
    let lock = sqlx::query(include_str!("sql/lock_migrations.sql"));
    lock.execute(&mut *transaction).await?;
    // Before this process had the lock, another one may have migrated, or made tables of its own.
    if let Found::Older(found) = probe(&mut transaction, place).await?.found {
        for migration in migrations::behind(&MIGRATIONS, found) {
            let migrated = sqlx::raw_sql(migration).execute(&mut *transaction).await;
            migrated.map_err(refused)?;
        }
    }
    transaction.commit().await.map_err(refused)
}

fn not_migrated(place: &Place, found: i64, failure: Option<Failure>) -> RunError {
    RunError::Error(StoreError::NotMigrated {
        place: place.to_string(),
        found,
        known: KNOWN,
        source: failure.map(Into::into),
    })
}
