//! Opening a file: finding out whose it is before anything in it changes, then bringing our tables up to date.

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::store::{
    error::StoreError,
    migrations::{self, Applied, Found, Migration, known},
    sqlite::error::{Failure, Kind, Place, RunError},
};

/// Our own list of applied migrations.
const LIST: &str = "intent_migrations";

/// Every migration there ever was. A released one never changes.
const MIGRATIONS: [Migration; 1] = [(1, include_str!("migrations/0001_events_and_snapshots.sql"))];

const KNOWN: i64 = known(&MIGRATIONS);

/// Looks into a file without changing a byte of it. A file that does not exist yet holds nothing.
///
/// # Errors
/// It refuses a file that is not a database, that has tables under our names that are not ours, or that is newer than this
/// build. The error says which.
pub(super) async fn probe(
    options: &SqliteConnectOptions,
    place: &Place,
) -> Result<Found, StoreError> {
    refuse_short(options, place)?;
    // A connection that can write would, on closing, move a foreign write-ahead log into its file.
    let reading = options.clone().read_only(true).create_if_missing(false);
    match probe_with(&reading, place).await {
        // A journal left by a crash must be rolled back before anybody can read; that restores the file's content.
        Err(StoreError::ReadOnly { .. }) => {
            let restoring = SqliteConnectOptions::new().filename(options.get_filename());
            probe_with(&restoring, place).await
        }
        // Opening the file later gives a better error if it cannot be opened, or creates it.
        Err(StoreError::Unavailable { .. }) => Ok(Found::Older(0)),
        found => found,
    }
}

/// SQLite takes a file that is shorter than its smallest page for an empty one, and would write over it.
fn refuse_short(options: &SqliteConnectOptions, place: &Place) -> Result<(), StoreError> {
    const SMALLEST_PAGE: u64 = 512;
    let length = std::fs::metadata(options.get_filename()).map_or(0, |file| file.len());
    if (1..SMALLEST_PAGE).contains(&length) {
        return Err(StoreError::NotADatabase {
            place: place.to_string(),
            source: format!("it has {length} bytes, less than any database").into(),
        });
    }
    Ok(())
}

async fn probe_with(options: &SqliteConnectOptions, place: &Place) -> Result<Found, StoreError> {
    let probing = async {
        let mut connection = options.connect().await?;
        let found = inspect(&mut connection, place).await;
        let closed = connection.close().await;
        let found = found?;
        closed?;
        Ok(found)
    };
    probing.await.map_err(|error: RunError| error.at(place))
}

/// Brings our tables up to date, all or nothing, and only one process at a time.
pub(super) async fn migrate(
    connection: &mut SqliteConnection,
    place: &Place,
) -> Result<(), RunError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Between the probe and the lock another process may have migrated, or made tables of its own.
    if let Found::Older(found) = inspect(&mut transaction, place).await? {
        for migration in migrations::behind(&MIGRATIONS, found) {
            sqlx::raw_sql(migration).execute(&mut *transaction).await?;
        }
    }
    Ok(transaction.commit().await?)
}

async fn inspect(connection: &mut SqliteConnection, place: &Place) -> Result<Found, RunError> {
    let names = sqlx::query_scalar(include_str!("sql/our_objects.sql"));
    let names: Vec<String> = names.fetch_all(&mut *connection).await?;
    let other = names.iter().find(|name| *name != LIST);
    if !names.iter().any(|name| name == LIST) {
        let foreign = other.map(|foreign| place.foreign(foreign).into());
        return foreign.map_or(Ok(Found::Older(0)), Err);
    }
    let applied = sqlx::query_as::<_, Applied>(include_str!("sql/applied_migrations.sql"));
    let applied = match applied.fetch_all(connection).await.map_err(Failure::from) {
        Ok(applied) => applied,
        // The table lacks the columns of our list.
        Err(failure) if matches!(failure.kind(), Kind::Statement | Kind::Other) => {
            return Err(place.foreign(LIST).into());
        }
        Err(failure) => return Err(RunError::Failure(failure)),
    };
    let tables = (LIST, other.map(String::as_str));
    Ok(migrations::judge(KNOWN, &applied, tables, place)?)
}
