//! Statements that somebody runs by hand, on the databases that have them.

use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

/// A database of one kind.
pub enum Database {
    Sqlite(TempDir),
    Postgres(TempDatabase),
}

impl Database {
    /// One of each kind.
    pub async fn all() -> [Self; 2] {
        [
            Self::Sqlite(tempfile::tempdir().unwrap()),
            Self::Postgres(TempDatabase::new().await),
        ]
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("events.db").display()),
            Self::Postgres(database) => database.url(),
        }
    }

    pub async fn app(&self, domain: Domain) -> App {
        App::connect(&self.url(), domain).await.unwrap()
    }

    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs statements, as an operator does. `READ.x` is the table or view `x` of read models.
    pub async fn run(&self, sql: &str) {
        let read = if self.is_postgres() {
            "intent_read."
        } else {
            "intent_read_"
        };
        let sql = AssertSqlSafe(sql.replace("READ.", read));
        let ran = match self {
            Self::Sqlite(_) => {
                let mut connection = SqliteConnection::connect(&self.url()).await.unwrap();
                let ran = sqlx::raw_sql(sql).execute(&mut connection).await.map(drop);
                connection.close().await.unwrap();
                ran
            }
            Self::Postgres(database) => {
                let mut connection = database.connect().await.unwrap();
                sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
            }
        };
        ran.unwrap();
    }
}
