//! A database of one test.

use sqlx::PgConnection;

use super::Server;

/// A fresh database with a name of its own, dropped at the end with everything that is connected to it.
#[derive(Debug)]
pub struct TempDatabase {
    server: Server,
    name: String,
}

impl TempDatabase {
    /// An empty one on the server that all tests share.
    pub async fn new() -> Self {
        Self::on(Server::shared().await).await
    }

    /// An empty one on a server.
    pub async fn on(server: &Server) -> Self {
        Self::from_template(server, "template0").await
    }

    /// A copy of a template on a server; [`Server::template`] makes one.
    pub async fn from_template(server: &Server, template: &str) -> Self {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        server.create_database_from(&name, template).await;
        Self {
            server: server.clone(),
            name,
        }
    }

    /// The server that has it.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The superuser's URL.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// A role's URL.
    pub fn url_as(&self, role: &str) -> String {
        self.server.url_as(role, &self.name)
    }

    /// A connection of the superuser.
    ///
    /// # Errors
    ///
    /// What the server or the way to it says.
    pub async fn connect(&self) -> sqlx::Result<PgConnection> {
        self.server.connect(&self.name).await
    }
}

impl Drop for TempDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), std::mem::take(&mut self.name));
        // A runtime cannot wait for a future where it drops a value, so another thread's does.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(server.drop_database(&name))
        });
        // A test may have killed the server; then the database goes with the server's directory.
        let _ = thread.join();
    }
}
