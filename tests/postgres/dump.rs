//! The programs by which an operator makes backups, restores them and runs scripts.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::Binaries;

impl Binaries {
    /// A dump of a database by `pg_dump`, in its own format.
    ///
    /// # Errors
    ///
    /// What the program says.
    pub async fn dump(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut dump = self.client("pg_dump");
        dump.args(["--format=custom", "--dbname", url]);
        run(dump, Vec::new()).await
    }

    /// Puts a dump into an empty database by `pg_restore`, all of it or nothing.
    ///
    /// # Errors
    ///
    /// What the program says.
    pub async fn restore(&self, dump: Vec<u8>, url: &str) -> Result<(), String> {
        self.restore_with(&[], dump, url).await
    }

    /// The same with everything owned by the role that restores it.
    ///
    /// # Errors
    ///
    /// What the program says.
    pub async fn restore_as_own(&self, dump: Vec<u8>, url: &str) -> Result<(), String> {
        self.restore_with(&["--no-owner"], dump, url).await
    }

    /// The statements that make a schema of a database, by `pg_dump`.
    ///
    /// # Errors
    ///
    /// What the program says.
    pub async fn schema(&self, schema: &str, url: &str) -> Result<String, String> {
        let mut dump = self.client("pg_dump");
        dump.args(["--schema-only", "--schema", schema, "--dbname", url]);
        let dump = run(dump, Vec::new()).await?;
        Ok(String::from_utf8_lossy(&dump).into_owned())
    }

    /// Runs a script by `psql`, as an operator does by hand. The first error ends it.
    ///
    /// # Errors
    ///
    /// What the program says.
    pub async fn psql(&self, script: String, url: &str) -> Result<String, String> {
        let mut psql = self.client("psql");
        psql.args(["--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", url]);
        let said = run(psql, script.into_bytes()).await?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    async fn restore_with(&self, options: &[&str], dump: Vec<u8>, url: &str) -> Result<(), String> {
        let mut restore = self.client("pg_restore");
        restore.args(options);
        restore.args(["--single-transaction", "--dbname", url]);
        run(restore, dump).await.map(drop)
    }

    /// A client program, with nothing of our environment but the search path.
    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        command.env_clear().env("LC_ALL", "C");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }
}

/// Gives a program its input, and returns its output.
async fn run(mut command: Command, input: Vec<u8>) -> Result<Vec<u8>, String> {
    let run = move || {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut stdin = child.stdin.take().expect("piped");
        // A program that fails says so itself, and reads no further.
        let _ = stdin.write_all(&input);
        drop(stdin);
        let output = child
            .wait_with_output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    let ran = tokio::task::spawn_blocking(run).await;
    ran.expect("the program's thread does not panic")
}
