//! A database with the roles that a careful operator gives: none of them a superuser.

use intent_runtime::{PgStore, Store, StoreError};
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
        let database = TempDatabase::new().await;
        let role = |kind: &str| format!("{kind}_{}", database.name());
        let roles = Self {
            owner: role("owner"),
            app: role("app"),
            reader: role("reader"),
            database,
        };
        for role in [&roles.owner, &roles.app, &roles.reader] {
            roles.run(&format!("CREATE ROLE {role} LOGIN")).await;
        }
        let name = roles.database.name();
        roles
            .run(&format!("ALTER DATABASE {name} OWNER TO {}", roles.owner))
            .await;
        roles
    }

    pub async fn new() -> Self {
        let roles = Self::empty().await;
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

    /// Runs statements as the superuser. Their names were made above, of letters and digits.
    pub async fn run(&self, statements: &str) {
        let mut connection = self.database.connect().await.unwrap();
        let run = sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection);
        run.await.unwrap();
    }
}
