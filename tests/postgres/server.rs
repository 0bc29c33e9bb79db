//! A server that answers, and the databases on it.

use std::str::FromStr;

use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

use super::{Cluster, Options};

/// The address of a server on which the tests are superuser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The superuser, with a password where there is one.
    user: String,
    /// Host and port.
    host: String,
}

impl Server {
    /// The one server that the tests of a run share.
    ///
    /// `tests/run` starts it and names it in `INTENT_TEST_POSTGRES`, as the URL of a superuser. Without that, the
    /// process starts one of its own, once, which ends with the process.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<(Server, Option<Cluster>)> = OnceCell::const_new();
        let shared = SHARED.get_or_init(|| async {
            if let Ok(url) = std::env::var("INTENT_TEST_POSTGRES") {
                return (Self::from_url(&url), None);
            }
            let cluster = Cluster::start(Options::fast()).await;
            (cluster.server().clone(), Some(cluster))
        });
        &shared.await.0
    }

    /// The server of a superuser's URL.
    pub fn from_url(url: &str) -> Self {
        let address = url.split_once("://").map_or(url, |(_, it)| it);
        let address = address.split(['/', '?']).next().unwrap_or_default();
        let (user, host) = address.rsplit_once('@').unwrap_or(("postgres", address));
        Self {
            user: user.to_owned(),
            host: host.to_owned(),
        }
    }

    /// Another way to the same server, through a port of this machine.
    pub fn through(&self, port: u16) -> Self {
        Self {
            user: self.user.clone(),
            host: format!("127.0.0.1:{port}"),
        }
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The superuser's URL of a database.
    pub fn url(&self, database: &str) -> String {
        self.url_as(&self.user, database)
    }

    /// A role's URL of a database. A cluster of ours asks nobody for a password.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@{}/{database}", self.host)
    }

    /// A connection of the superuser to a database.
    ///
    /// # Errors
    ///
    /// What the server or the way to it says.
    pub async fn connect(&self, database: &str) -> sqlx::Result<PgConnection> {
        // Not the pool, nor the environment's PGOPTIONS and the like: what the tests see must not depend on them.
        PgConnection::connect_with(&PgConnectOptions::from_str(&self.url(database))?).await
    }

    /// Makes an empty database.
    pub async fn create_database(&self, name: &str) {
        self.create_database_from(name, "template0").await;
    }

    /// Makes a database with everything that a template has.
    pub async fn create_database_from(&self, name: &str, template: &str) {
        let mut admin = self.connect("postgres").await.expect("the server answers");
        // Copying files took 9 ms where the default of 15 and later, writing every page to the log, took 17.
        let strategy = match admin.server_version_num() {
            Some(150_000..) => "STRATEGY file_copy",
            _ => "",
        };
        let create = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}" {strategy}"#);
        run(&mut admin, create)
            .await
            .expect("a superuser makes databases");
        admin.close().await.expect("the connection ends");
    }

    /// Drops a database with whatever is still connected to it or prepared in it.
    ///
    /// # Errors
    ///
    /// What the server or the way to it says.
    pub async fn drop_database(&self, name: &str) -> sqlx::Result<()> {
        let mut admin = self.connect("postgres").await?;
        // FORCE does not extend to prepared transactions.
        let prepared = sqlx::query_scalar::<_, String>(
            "SELECT gid FROM pg_prepared_xacts WHERE database = $1",
        );
        let prepared = prepared.bind(name).fetch_all(&mut admin).await?;
        if !prepared.is_empty() {
            let mut inside = self.connect(name).await?;
            for gid in prepared {
                run(
                    &mut inside,
                    format!("ROLLBACK PREPARED '{}'", gid.replace('\'', "''")),
                )
                .await?;
            }
            inside.close().await?;
        }
        run(
            &mut admin,
            format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#),
        )
        .await?;
        admin.close().await
    }

    /// Makes a template once per server, whichever test or process needs it first; the others wait for it.
    ///
    /// `prepare` gets the URL of the database that becomes the template, and leaves no connection to it open.
    pub async fn template(&self, name: &str, prepare: impl AsyncFnOnce(String)) {
        let mut admin = self.connect("postgres").await.expect("the server answers");
        // Held by the connection, so it goes with a process that dies.
        let lock = sqlx::query("SELECT pg_advisory_lock(hashtextextended('template ' || $1, 0))")
            .bind(name);
        lock.execute(&mut admin).await.expect("an advisory lock");
        let ready =
            sqlx::query("SELECT FROM pg_database WHERE datname = $1 AND datistemplate").bind(name);
        if ready
            .fetch_optional(&mut admin)
            .await
            .expect("a catalogue to read")
            .is_none()
        {
            self.drop_database(name)
                .await
                .expect("what a dead process left half-made can be dropped");
            self.create_database(name).await;
            prepare(self.url(name)).await;
            let finish =
                format!(r#"ALTER DATABASE "{name}" WITH IS_TEMPLATE true ALLOW_CONNECTIONS false"#);
            run(&mut admin, finish)
                .await
                .expect("a superuser may do that");
        }
        admin.close().await.expect("the connection ends");
    }
}

async fn run(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    // Utility statements take no parameters; the names in this text are the tests' own.
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(drop)
}
