//! PgBouncer in front of a server.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Server, binaries,
    place::Place,
    supervised::{self, Supervised},
};

/// How a [`Bouncer`] is set up.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    mode: &'static str,
    size: u32,
    in_turn: bool,
    /// `None` for a release that knows no such setting.
    prepared_statements: Option<u32>,
    ignored: &'static str,
    program: PathBuf,
}

impl PoolOptions {
    /// A connection of the server's is lent for one transaction: what `SET` says does not stay with the client.
    pub fn transaction() -> Self {
        Self {
            mode: "transaction",
            size: 20,
            in_turn: false,
            prepared_statements: Some(200),
            // What sqlx asks for of itself.
            ignored: "extra_float_digits",
            program: program(),
        }
    }

    /// The same by a release before 1.21, where one is installed.
    pub fn old() -> Option<Self> {
        Some(Self {
            prepared_statements: None,
            program: old_program()?,
            ..Self::transaction()
        })
    }

    /// A connection of the server's is lent until the client leaves.
    pub fn session() -> Self {
        Self {
            mode: "session",
            ..Self::transaction()
        }
    }

    /// How many connections of the server's a database and role may have.
    pub fn size(self, size: u32) -> Self {
        Self { size, ..self }
    }

    /// Lends the connections of the server's in turn, instead of the one that was used last.
    pub fn in_turn(self) -> Self {
        Self {
            in_turn: true,
            ..self
        }
    }

    /// How many named prepared statements are carried over to whatever connection is lent. With none, as before
    /// PgBouncer 1.21, a statement's name may be unknown to the next connection, or known there for another text.
    pub fn prepared_statements(self, prepared_statements: u32) -> Self {
        Self {
            prepared_statements: Some(prepared_statements),
            ..self
        }
    }

    /// Which settings at the start of a connection are passed over; any other is refused, but for the few that are kept
    /// for each client.
    pub fn ignore(self, ignored: &'static str) -> Self {
        Self { ignored, ..self }
    }
}

/// A PgBouncer of the test's own, gone when it is dropped and when the process that started it dies.
#[derive(Debug)]
pub struct Bouncer {
    /// Before the place, so that it is dropped first.
    _running: Supervised,
    place: Place,
    server: Server,
}

impl Bouncer {
    /// Starts one in front of a server, and waits until it listens.
    ///
    /// # Panics
    ///
    /// Where PgBouncer 1.21 or later is not installed, or it does not come up.
    pub async fn start(target: &Server, options: PoolOptions) -> Self {
        let program = &options.program;
        let place = Place::on_disk();
        for _ in 0..20 {
            let port = supervised::free_port();
            let settings = place.write("pgbouncer.ini", &settings(target, &options, port));
            let running = Supervised::start(
                &place,
                [program.clone().into_os_string(), OsString::from(settings)],
            );
            let log = supervised::log(&place);
            let up = || std::fs::read_to_string(&log).is_ok_and(|it| it.contains("process up"));
            if running.until(up).await {
                return Self {
                    _running: running,
                    place,
                    server: target.through(port),
                };
            }
            let log = supervised::tail(&log);
            assert!(
                log.contains("Address already in use"),
                "PgBouncer does not start:\n{log}"
            );
        }
        panic!("other processes took every port that was free");
    }

    /// The server's address through the pool.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The superuser's URL of a database through the pool.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        supervised::tail(&supervised::log(&self.place))
    }
}

fn settings(target: &Server, options: &PoolOptions, port: u16) -> String {
    let (host, target_port) = target
        .host()
        .split_once(':')
        .unwrap_or((target.host(), "5432"));
    let PoolOptions {
        mode,
        size,
        in_turn,
        prepared_statements,
        ignored,
        ..
    } = options;
    let in_turn = u8::from(*in_turn);
    let prepared_statements = prepared_statements.map_or_else(String::new, |count| {
        format!("max_prepared_statements = {count}\n")
    });
    // PgBouncer takes the user that the client names: the server trusts loopback, and `auth_type = any` would make all
    // clients one user.
    format!(
        "[databases]\n\
         * = host={host} port={target_port}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = trust\n\
         auth_user = postgres\n\
         auth_query = SELECT rolname, '' FROM pg_roles WHERE rolname = $1\n\
         pool_mode = {mode}\n\
         default_pool_size = {size}\n\
         server_round_robin = {in_turn}\n\
         max_client_conn = 500\n\
         server_login_retry = 1\n\
         ignore_startup_parameters = {ignored}\n\
         {prepared_statements}"
    )
}

/// The program that `INTENT_PGBOUNCER` names, else the first that is new enough.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("INTENT_PGBOUNCER") {
        return program.into();
    }
    let found = installed().find(|it| carries_prepared_statements(it) == Some(true));
    found
        .unwrap_or_else(|| panic!("this test needs PgBouncer 1.21 or later: tests/run installs it"))
}

/// The first that is older.
fn old_program() -> Option<PathBuf> {
    installed().find(|it| carries_prepared_statements(it) == Some(false))
}

fn installed() -> impl Iterator<Item = PathBuf> {
    let system = [
        "/usr/sbin",
        "/opt/homebrew/bin",
        "/usr/local/bin",
        "/usr/bin",
    ]
    .map(PathBuf::from);
    let places = system
        .into_iter()
        .chain(binaries::tools().map(|it| it.join("pgbouncer")));
    places.map(|it| it.join("pgbouncer"))
}

/// `None` where there is no such program.
fn carries_prepared_statements(program: &Path) -> Option<bool> {
    // "PgBouncer 1.24.1\nlibevent ..."
    let version = || {
        let output = Command::new(program).arg("--version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut numbers = text
            .split_whitespace()
            .nth(1)?
            .split('.')
            .map_while(|it| it.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    };
    version().map(|it| it >= (1, 21))
}
