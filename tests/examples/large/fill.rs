//! The server, and how a database on it gets so many events.

use std::{path::Path, time::Instant};

use intent_runtime::App;
use intent_tests::postgres::{self, Binaries, Cluster};
use sqlx::{AssertSqlSafe, PgConnection};

/// Postgres has had `uuidv7` since this version.
const MAJOR: u32 = 18;

/// How many events a log has, and whose they are.
#[derive(Clone, Copy)]
pub struct Size {
    pub events: u64,
    pub default_tenant: DefaultTenant,
}

#[derive(Clone, Copy)]
pub enum DefaultTenant {
    /// It has most of the events.
    Most,
    /// It has 500, and another one has most.
    Small,
}

/// A server with every safeguard of a production one.
pub struct Server {
    cluster: Cluster,
    pub postmaster: u32,
}

impl Server {
    /// On a directory that stays.
    pub async fn start(directory: &Path) -> Self {
        // What would begin by itself in the middle of a measurement is put off, and asked for when a log is filled.
        let options = postgres::Options::durable()
            .binaries(Binaries::of(MAJOR))
            .set("shared_buffers", "1GB")
            .set("max_wal_size", "4GB")
            // As the guide advises.
            .set("wal_compression", "on")
            .set("checkpoint_timeout", "1h")
            .set("autovacuum", "off");
        let cluster = Cluster::kept(directory, options).await;
        let postmaster = cluster.pid().await;
        Self {
            cluster,
            postmaster,
        }
    }

    pub async fn stop(self) {
        self.cluster.stop().await;
    }

    /// The superuser's connection to a database.
    pub async fn connect(&self, database: &str) -> PgConnection {
        self.cluster.server().connect(database).await.unwrap()
    }

    /// The URL of a database for the role of an application that also reads all tenants: row-level security is in force.
    pub fn url(&self, database: &str) -> String {
        self.cluster.server().url_as(&role(database), database)
    }

    /// A database with a log of this size: the one of an earlier run, or a new one.
    pub async fn filled(&self, size: Size) -> String {
        let tenant = match size.default_tenant {
            DefaultTenant::Most => 1,
            DefaultTenant::Small => 2,
        };
        let database = format!("log_{}_{tenant}", size.events);
        if !self.has(&database).await {
            eprintln!("filling {database} …");
            let begun = Instant::now();
            // Under another name until it is whole.
            let unfinished = format!("{database}_unfinished");
            self.drop(&unfinished).await;
            self.cluster.server().create_database(&unfinished).await;
            self.fill(&unfinished, size.events, tenant).await;
            self.rename(&unfinished, &database).await;
            eprintln!(
                "filled {database} in {:.0} s",
                begun.elapsed().as_secs_f64()
            );
        }
        self.open_to_app(&database).await;
        database
    }

    /// A copy of a database that nobody is connected to.
    pub async fn copy(&self, database: &str, copy: &str) {
        self.drop(copy).await;
        let server = self.cluster.server();
        server.create_database_from(copy, database).await;
        let (from, to) = (role(database), role(copy));
        // It inherits what the copied tables grant.
        let create = format!("CREATE ROLE {to} LOGIN IN ROLE {from}");
        run(&mut self.connect(copy).await, &create).await;
    }

    /// Drops a database and its role, if they are there.
    pub async fn drop(&self, database: &str) {
        self.cluster.server().drop_database(database).await.unwrap();
        let drop = format!("DROP ROLE IF EXISTS {}", role(database));
        run(&mut self.connect("postgres").await, &drop).await;
    }

    async fn fill(&self, database: &str, events: u64, default_tenant: i64) {
        App::migrate(&self.cluster.url(database)).await.unwrap();
        let mut owner = self.connect(database).await;
        run(
            &mut owner,
            "SET synchronous_commit = off;
             SET work_mem = '256MB';
             CREATE TABLE public.streams (
                 tenant_id uuid, tenant_events bigint, aggregate_id uuid, aggregate_type text, events bigint,
                 begins timestamptz, lasts interval
             )",
        )
        .await;
        let streams = sqlx::query(include_str!("streams.sql"))
            .bind(i64::try_from(events).unwrap())
            .bind(default_tenant);
        streams.execute(&mut owner).await.unwrap();
        let stored = sqlx::query(include_str!("events.sql"))
            .execute(&mut owner)
            .await;
        assert_eq!(stored.unwrap().rows_affected(), events);
        // One statement each: VACUUM may stand in no transaction.
        for finish in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
            run(&mut owner, finish).await;
        }
    }

    /// Brings the schema to this build's, which may be newer than the one that filled it, and lets the app's role use it.
    async fn open_to_app(&self, database: &str) {
        App::migrate(&self.cluster.url(database)).await.unwrap();
        let role = role(database);
        let open = format!(
            "DO $$
             BEGIN
                 IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                     CREATE ROLE {role} LOGIN;
                 END IF;
             END
             $$;
             SELECT intent.grant_app('{role}'), intent.grant_reader('{role}')"
        );
        run(&mut self.connect(database).await, &open).await;
    }

    async fn has(&self, database: &str) -> bool {
        let mut admin = self.connect("postgres").await;
        let found = sqlx::query("SELECT FROM pg_database WHERE datname = $1").bind(database);
        found.fetch_optional(&mut admin).await.unwrap().is_some()
    }

    async fn rename(&self, from: &str, to: &str) {
        let rename = format!("ALTER DATABASE {from} RENAME TO {to}");
        run(&mut self.connect("postgres").await, &rename).await;
    }
}

fn role(database: &str) -> String {
    format!("app_of_{database}")
}

/// Runs statements of the bench's own.
pub async fn run(connection: &mut PgConnection, statements: &str) {
    let run = sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection);
    run.await.unwrap();
}
