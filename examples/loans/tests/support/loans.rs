//! Runs the built `loans` on a database of its own.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A folder with a database, deleted in the end.
pub struct Loans {
    folder: TempDir,
    /// A database elsewhere.
    database: Option<String>,
}

/// What a run printed.
#[derive(Debug)]
pub struct Ran {
    pub success: bool,
    pub out: String,
    pub err: String,
}

impl Loans {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: None,
        }
    }

    /// With a database that is not in the folder.
    pub fn on(url: String) -> Self {
        Self {
            database: Some(url),
            ..Self::new()
        }
    }

    /// The command with its arguments, its database and its output to be read.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loans"));
        command
            .args(arguments)
            .args(self.database.iter().flat_map(|url| ["--database", url]))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Runs it and insists on success; returns what it printed.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert!(ran.success, "loans {arguments:?} failed: {ran:#?}");
        ran.out
    }

    /// Writes a file beside the database.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            success: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The figure in the line of a table that begins with `name`.
#[track_caller]
pub fn figure(table: &str, name: &str) -> u64 {
    let line = table.lines().find_map(|line| line.strip_prefix(name));
    let figure = line.and_then(|rest| rest.split_whitespace().next());
    let figure = figure.unwrap_or_else(|| panic!("no `{name}` in\n{table}"));
    figure.replace(',', "").parse().unwrap()
}
