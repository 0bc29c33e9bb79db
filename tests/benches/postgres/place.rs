//! A server, and databases with our tables on it.

use std::{path::PathBuf, time::Duration};

use intent_runtime::{PgStore, store::Store};
use intent_tests::postgres::{Binaries, Cluster, Options, TempDatabase};
use sqlx::{AssertSqlSafe, PgConnection};

/// A server with default settings: what it acknowledges is on disk.
pub struct Place {
    cluster: Cluster,
}

impl Place {
    pub async fn start() -> Self {
        Self {
            cluster: Cluster::start(Options::durable()).await,
        }
    }

    pub fn program(name: &str) -> PathBuf {
        Binaries::any().program(name)
    }

    pub async fn database(&self) -> Database {
        let database = TempDatabase::on(self.cluster.server()).await;
        let app = format!("app_{}", database.name());
        let unguarded = format!("unguarded_{}", database.name());
        let database = Database {
            database,
            app,
            unguarded,
        };
        let owner = PgStore::connect(&database.database.url()).await.unwrap();
        owner.close().await.unwrap();
        let Database { app, unguarded, .. } = &database;
        // The unguarded role has the same rights, is bound by no policy, and its `set_config` does nothing.
        database
            .run(&format!(
                "CREATE TABLE public.bare (LIKE intent.events INCLUDING ALL);
                 CREATE ROLE {app} LOGIN;
                 SELECT intent.grant_app('{app}'), intent.grant_reader('{app}');
                 GRANT INSERT ON public.bare TO {app};
                 CREATE SCHEMA unguarded;
                 CREATE FUNCTION unguarded.set_config(text, text, boolean) RETURNS text
                     LANGUAGE sql IMMUTABLE AS 'SELECT $2';
                 CREATE ROLE {unguarded} LOGIN BYPASSRLS;
                 SELECT intent.grant_app('{unguarded}'), intent.grant_reader('{unguarded}');
                 GRANT USAGE ON SCHEMA unguarded TO {unguarded};
                 ALTER ROLE {unguarded} SET search_path = unguarded, pg_catalog;"
            ))
            .await;
        database
    }
}

/// A database with our tables, and beside them the table `bare`, which has the same columns and indexes and no guards.
pub struct Database {
    database: TempDatabase,
    app: String,
    unguarded: String,
}

impl Database {
    /// The store as an application has it: row-level security is in force.
    pub async fn store(&self) -> PgStore {
        let url = self.database.url_as(&self.app);
        PgStore::connect(&url).await.unwrap()
    }

    /// The same statements without row-level security and without the setting that it goes by.
    pub async fn unguarded_store(&self) -> PgStore {
        let url = self.database.url_as(&self.unguarded);
        PgStore::connect(&url).await.unwrap()
    }

    /// A connection of a superuser.
    pub async fn connection(&self) -> PgConnection {
        self.database.connect().await.unwrap()
    }

    /// As the role that the store has.
    pub fn url(&self) -> String {
        self.database.url_as(&self.app)
    }

    /// Runs statements of the bench's own.
    pub async fn run(&self, statements: &str) {
        let mut connection = self.connection().await;
        let run = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection);
        run.await.unwrap();
    }

    /// Makes the commits of each later session wait this much longer than the disk takes.
    pub async fn slow_down_commits(&self, delay: Duration) {
        let name = self.database.name();
        let micros = delay.as_micros();
        self.run(&format!(
            "ALTER DATABASE {name} SET commit_delay = {micros};
             ALTER DATABASE {name} SET commit_siblings = 0"
        ))
        .await;
    }

    /// Lets the role that the store has keep read models.
    pub async fn may_keep_read_models(&self) {
        let grant = format!("SELECT intent.grant_worker('{}')", self.app);
        self.run(&grant).await;
    }

    /// Drops all read models with their checkpoints.
    pub async fn forget_read_models(&self) {
        self.run(
            "DELETE FROM intent.workers;
             DO $$ DECLARE name text; BEGIN
               FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'intent_read' LOOP
                 EXECUTE format('DROP TABLE intent_read.%I CASCADE', name);
               END LOOP;
             END $$",
        )
        .await;
    }

    /// Empties the tables, and waits until everything written before is on disk, so that it slows nothing later.
    pub async fn clear(&self) {
        self.run(
            "TRUNCATE intent.events, intent.snapshots, public.bare RESTART IDENTITY; CHECKPOINT",
        )
        .await;
    }
}
