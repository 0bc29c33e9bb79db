//! A database with the roles that a careful operator gives: none of them a superuser.

use intent_runtime::{PgStore, StoreError, store::Store};
use intent_tests::postgres::{Server, TempDatabase};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// A database of a test's own, with our tables, and a role for each kind of work.
pub struct Roles {
    database: TempDatabase,
    pub owner: String,
    pub app: String,
    pub reader: String,
}

impl Roles {
    /// Without our tables yet.
    pub async fn empty() -> Self {
        Self::empty_on(Server::shared().await).await
    }

    async fn empty_on(server: &Server) -> Self {
        let database = TempDatabase::on(server).await;
        let role = |kind: &str| format!("{kind}_{}", database.name());
        let roles = Self {
            owner: role("owner"),
            app: role("app"),
            reader: role("reader"),
            database,
        };
        roles.make().await;
        roles
    }

    /// An empty database for the same roles, on this server or another.
    pub async fn beside(&self, server: &Server) -> Self {
        let roles = Self {
            database: TempDatabase::on(server).await,
            owner: self.owner.clone(),
            app: self.app.clone(),
            reader: self.reader.clone(),
        };
        roles.make().await;
        roles
    }

    /// Makes the roles that the server does not have, and hands the database to its owner.
    async fn make(&self) {
        let mut connection = self.database.connect().await.unwrap();
        for role in [&self.owner, &self.app, &self.reader] {
            let there = sqlx::query("SELECT FROM pg_roles WHERE rolname = $1").bind(role);
            let there = there.fetch_optional(&mut connection).await.unwrap();
            if there.is_none() {
                self.run(&format!("CREATE ROLE {role} LOGIN")).await;
            }
        }
        let name = self.database.name();
        self.run(&format!("ALTER DATABASE {name} OWNER TO {}", self.owner))
            .await;
    }

    pub async fn new() -> Self {
        Self::on(Server::shared().await).await
    }

    /// With our tables, on a server.
    pub async fn on(server: &Server) -> Self {
        let roles = Self::empty_on(server).await;
        roles
            .open(&roles.owner)
            .await
            .unwrap()
            .close()
            .await
            .unwrap();
        let grant = format!("SELECT intent.grant_app('{}')", roles.app);
        roles.run(&grant).await;
        let grant = format!("SELECT intent.grant_reader('{}')", roles.reader);
        roles.run(&grant).await;
        roles
    }

    pub fn database(&self) -> &TempDatabase {
        &self.database
    }

    /// The store as a role sees it.
    pub async fn open(&self, role: &str) -> Result<PgStore, StoreError> {
        PgStore::connect(&self.database.url_as(role)).await
    }

    /// The same through a pooler.
    pub async fn open_through(&self, pooler: &Server, role: &str) -> Result<PgStore, StoreError> {
        PgStore::connect(&self.url_through(pooler, role)).await
    }

    pub fn url_through(&self, pooler: &Server, role: &str) -> String {
        pooler.url_as(role, self.database.name())
    }

    pub fn server(&self) -> &Server {
        self.database.server()
    }

    pub async fn pool(&self, role: &str) -> PgPool {
        PgPool::connect(&self.database.url_as(role)).await.unwrap()
    }

    pub async fn connection(&self, role: &str) -> PgConnection {
        PgConnection::connect(&self.database.url_as(role))
            .await
            .unwrap()
    }

    /// Waits until a process of the server's waits for somebody's lock.
    pub async fn until_waits(&self, process: i32) {
        let mut admin = self.database.connect().await.unwrap();
        loop {
            let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)";
            let waits = sqlx::query_scalar(waits).bind(process);
            if waits.fetch_one(&mut admin).await.unwrap() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until so many of the database's processes wait for somebody's lock.
    pub async fn until_lock_waits(&self, processes: i64) {
        let mut admin = self.database.connect().await.unwrap();
        loop {
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let waits: i64 = sqlx::query_scalar(waits)
                .fetch_one(&mut admin)
                .await
                .unwrap();
            if waits >= processes {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Runs statements as the superuser. Their names were made above, of letters and digits.
    pub async fn run(&self, statements: &str) {
        let mut connection = self.database.connect().await.unwrap();
        let run = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection);
        run.await.unwrap();
    }
}
