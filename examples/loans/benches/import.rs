//! The import of the whole real log, against bare inserts of the same rows: `cargo bench -p loans`.
//!
//! Bare means: the same table in another file, a write-ahead log, `synchronous = FULL`, one connection, one
//! transaction for every 32 rows; the rows are in memory before the clock starts. The import reads them from the
//! compressed log, decides on each, and keeps snapshots besides.
//!
//! `INTENT_REAL_LOG` names the file of the log, by an absolute path, where it does not lie beside the project.

use std::{
    env,
    error::Error,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use intent_runtime::{SqliteStore, store::Store};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

const BESIDE_THE_PROJECT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/data/bpic2012.xes.gz"
);
const TASKS: &str = "32";
const ROWS_PER_TRANSACTION: usize = 32;

/// What guards the table costs inserts, and bare SQL has none.
const GUARDS: [&str; 3] = [
    "DROP TRIGGER intent_events_never_change",
    "DROP TRIGGER intent_events_never_vanish",
    "DROP TRIGGER intent_events_never_replaced",
];
/// The columns of a [`Row`], in its order.
const SELECT: &str = "SELECT tenant_id, aggregate_id, version, aggregate_type, event_id, event_type, \
                      schema_version, recorded_at, payload, metadata \
                      FROM intent_events ORDER BY position";
const INSERT: &str = "INSERT INTO intent_events \
                      (tenant_id, aggregate_id, version, aggregate_type, event_id, event_type, \
                      schema_version, recorded_at, payload, metadata) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// A stored event, as it lies in the table; the position is given anew.
type Row = (
    Vec<u8>,
    Vec<u8>,
    i64,
    String,
    Vec<u8>,
    String,
    i64,
    i64,
    String,
    String,
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let log = env::var_os("INTENT_REAL_LOG").unwrap_or_else(|| BESIDE_THE_PROJECT.into());
    let log = Path::new(&log);
    if !log.is_file() {
        return Err(format!("the real log is not at {}", log.display()).into());
    }
    let folder = tempfile::tempdir()?;
    let imported_file = folder.path().join("imported.db");
    let imported = import(log, &imported_file)?;
    let rows = rows(&imported_file).await?;
    let bare = insert(&folder.path().join("bare.db"), &rows).await?;

    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "{:<34}{:>10}{:>12}{:>8}",
        "", "events", "events/s", "ratio"
    )?;
    let bare_rate = rate(rows.len(), bare);
    for (name, time) in [
        ("bare inserts, 32 a transaction", bare),
        ("loans import, 32 tasks", imported),
    ] {
        let rate = rate(rows.len(), time);
        let ratio = rate / bare_rate;
        writeln!(out, "{name:<34}{:>10}{rate:>12.0}{ratio:>8.2}", rows.len())?;
    }
    Ok(())
}

fn import(log: &Path, file: &Path) -> Result<Duration, Box<dyn Error>> {
    let started = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_loans"))
        .arg("import")
        .arg(log)
        .args(["--tasks", TASKS, "--database"])
        .arg(format!("sqlite:{}", file.display()))
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        return Err("the import failed".into());
    }
    Ok(started.elapsed())
}

async fn rows(file: &Path) -> Result<Vec<Row>, sqlx::Error> {
    let mut connection = connect(file).await?;
    let rows = sqlx::query_as(SELECT).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(rows)
}

/// Inserts the rows into a new file with the same tables.
async fn insert(file: &Path, rows: &[Row]) -> Result<Duration, Box<dyn Error>> {
    let store = SqliteStore::connect(&format!("sqlite:{}", file.display())).await?;
    store.close().await?;
    let mut connection = connect(file).await?;
    // Bare SQL has no guards, which cost inserts.
    for guard in GUARDS {
        sqlx::query(guard).execute(&mut connection).await?;
    }
    let started = Instant::now();
    for chunk in rows.chunks(ROWS_PER_TRANSACTION) {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for row in chunk {
            sqlx::query(INSERT)
                .bind(&row.0)
                .bind(&row.1)
                .bind(row.2)
                .bind(&row.3)
                .bind(&row.4)
                .bind(&row.5)
                .bind(row.6)
                .bind(row.7)
                .bind(&row.8)
                .bind(&row.9)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
    }
    let took = started.elapsed();
    connection.close().await?;
    Ok(took)
}

async fn connect(file: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    options.connect().await
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a rate is shown in whole events"
)]
fn rate(events: usize, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64()
}
