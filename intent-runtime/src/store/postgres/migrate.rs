//! Opening a database: finding out what it is and whose it is before anything in it changes, then bringing our tables up
//! to date.

use sqlx::{Connection, PgConnection, Row};

use super::error::{Failure, Kind, Place};
use crate::{
    StoreError,
    store::migrations::{self, Applied, Found, Step, known},
};

/// Our own list of applied migrations, so that a user's `_sqlx_migrations` is never touched.
const MIGRATIONS_TABLE: &str = "intent.migrations";

/// Every migration there ever was; an applied one never changes.
const MIGRATIONS: [Step; 1] = [(
    1,
    "events and snapshots",
    concat!(
        include_str!("sql/events.sql"),
        include_str!("sql/tenants.sql"),
        include_str!("sql/store.sql"),
        include_str!("sql/roles.sql"),
        include_str!("sql/log.sql"),
    ),
)];

/// The newest version there is.
pub(super) const KNOWN: i64 = known(&MIGRATIONS);

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

/// Finds out what the database is, and migrates it if it must and the role may. Says what strict tenancy forbids of it.
pub(super) async fn open(
    connection: &mut PgConnection,
    place: &Place,
) -> Result<Option<Excess>, StoreError> {
    let probed = probe(connection, place).await?;
    let (mut excess, in_recovery) = (probed.excess, probed.in_recovery);
    if let Found::Older(found) = probed.found {
        if in_recovery {
            return Err(not_migrated(place, found, None));
        }
        migrate(connection, place, found).await?;
        excess = probe(connection, place).await?.excess;
    }
    Ok(excess)
}

struct Probed {
    found: Found,
    in_recovery: bool,
    excess: Option<Excess>,
}

async fn probe(connection: &mut PgConnection, place: &Place) -> Result<Probed, StoreError> {
    let row = sqlx::query(include_str!("sql/probe.sql"));
    let row = row.fetch_one(&mut *connection).await;
    let row = row.map_err(|error| place.error(error))?;
    let wrong = |error| place.error(Failure::from(error));
    let server_version: i32 = row.try_get("server_version").map_err(wrong)?;
    let encoding: &str = row.try_get("encoding").map_err(wrong)?;
    let what = if server_version < OLDEST_SERVER {
        Some("a server older than PostgreSQL 13: upgrade it")
    } else if encoding != "UTF8" {
        Some("a database in another encoding than UTF8: make one with ENCODING 'UTF8'")
    } else {
        None
    };
    if let Some(what) = what {
        return Err(StoreError::Unsupported {
            place: place.to_string(),
            what,
        });
    }
    let ours: bool = row.try_get("migrations").map_err(wrong)?;
    let tables: Option<String> = row.try_get("tables").map_err(wrong)?;
    let found = match (ours, tables) {
        (true, tables) => inspect(connection, place, tables.as_deref()).await?,
        (false, Some(table)) => return Err(place.foreign(&table)),
        (false, None) => Found::Older(0),
    };
    let excess = [
        ("superuser", "is a superuser"),
        ("bypasses", "bypasses row-level security"),
        ("owner", "owns the tables"),
    ];
    let mut most = None;
    for (column, what) in excess {
        if row.try_get(column).map_err(wrong)? {
            most = most.or(Some(Excess::Rights(what)));
        }
    }
    if row.try_get("unguarded").map_err(wrong)? {
        most = Some(Excess::NoPolicies);
    }
    Ok(Probed {
        found,
        in_recovery: row.try_get("in_recovery").map_err(wrong)?,
        excess: most,
    })
}

async fn inspect(
    connection: &mut PgConnection,
    place: &Place,
    tables: Option<&str>,
) -> Result<Found, StoreError> {
    let applied = sqlx::query_as::<_, Applied>(include_str!("sql/applied_migrations.sql"));
    let applied = match applied.fetch_all(connection).await.map_err(Failure::from) {
        Ok(applied) => applied,
        // It has not the columns that a list of migrations has.
        Err(failure) if failure.kind() == Kind::Other => {
            return Err(place.foreign(MIGRATIONS_TABLE));
        }
        Err(failure) => return Err(place.error(failure)),
    };
    let migrator = migrations::migrator(&MIGRATIONS, MIGRATIONS_TABLE);
    let found = migrations::judge(&migrator, applied)
        .map_err(|refused| refused.error(place.to_string(), MIGRATIONS_TABLE, KNOWN))?;
    match tables {
        // Tables that no applied migration made are somebody else's.
        Some(table) if found == Found::Older(0) => Err(place.foreign(table)),
        _ => Ok(found),
    }
}

/// Brings our tables up to date, all or nothing, and only one process at a time.
async fn migrate(
    connection: &mut PgConnection,
    place: &Place,
    found: i64,
) -> Result<(), StoreError> {
    let refused = |failure: Failure| match failure.kind() {
        Kind::Forbidden => not_migrated(place, found, Some(failure)),
        _ => place.error(failure),
    };
    let transaction = connection.begin().await;
    let mut transaction = transaction.map_err(|error| place.error(error))?;
    let lock = sqlx::query(include_str!("sql/lock_migrations.sql"));
    let locked = lock.execute(&mut *transaction).await;
    locked.map_err(|error| place.error(error))?;
    // Before the lock was there, another process may have migrated, or made tables of its own.
    if let Found::Older(_) = probe(&mut transaction, place).await?.found {
        let mut migrator = migrations::migrator(&MIGRATIONS, MIGRATIONS_TABLE);
        migrator.create_schema("intent");
        let migrated = migrator.run_direct(None, &mut *transaction, false).await;
        migrated.map_err(|error| match migrations::database_error(error) {
            Ok(error) => refused(error.into()),
            Err(other) => StoreError::Backend {
                place: place.to_string(),
                source: Box::new(other),
            },
        })?;
    }
    let committed = transaction.commit().await;
    committed.map_err(|error| refused(error.into()))
}

fn not_migrated(place: &Place, found: i64, failure: Option<Failure>) -> StoreError {
    StoreError::NotMigrated {
        place: place.to_string(),
        found,
        known: KNOWN,
        source: failure.map(Into::into),
    }
}
