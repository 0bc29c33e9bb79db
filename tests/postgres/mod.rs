//! A real Postgres for the tests, started by the tests.
//!
//! A test that can share a server takes a [`TempDatabase`]; a test that kills its server, or needs one with other
//! settings or of another version, starts a [`Cluster`].

mod binaries;
mod bouncer;
mod database;
mod dump;
mod place;
mod proxy;
mod replica;
mod server;
mod supervised;

use std::{ffi::OsString, path::Path};

use rustix::process::Signal;
use tokio::sync::Mutex;

use place::Place;
use supervised::Supervised;

pub use binaries::Binaries;
pub use bouncer::{Bouncer, PoolOptions};
pub use database::TempDatabase;
pub use proxy::Proxy;
pub use server::Server;

/// How a [`Cluster`] is set up.
#[derive(Clone, Debug)]
pub struct Options {
    binaries: Option<Binaries>,
    durable: bool,
    settings: Vec<(String, String)>,
    /// Who is let in, as the lines of `pg_hba.conf`; everybody unless given.
    let_in: Option<String>,
}

impl Options {
    /// In memory where there is room, and without waiting for the medium: what a `kill -9` leaves is the same, since
    /// the system keeps what was written; what a power failure leaves is not.
    pub fn fast() -> Self {
        let settings = [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("max_wal_size", "256MB"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            binaries: None,
            durable: false,
            settings: settings.into(),
            let_in: None,
        }
    }

    /// On disk, with every safeguard that is on by default.
    pub fn durable() -> Self {
        Self {
            binaries: None,
            durable: true,
            settings: Vec::new(),
            let_in: None,
        }
    }

    /// With these programs, else [`Binaries::any`].
    pub fn binaries(self, binaries: Binaries) -> Self {
        Self {
            binaries: Some(binaries),
            ..self
        }
    }

    /// With a setting of `postgresql.conf`.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Letting in over TCP whom these lines of `pg_hba.conf` let in, such as `host all ada all scram-sha-256`, and the
    /// superuser.
    pub fn let_in(mut self, lines: &str) -> Self {
        self.let_in = Some(format!(
            "{lines}\nlocal all all trust\nhost all postgres all trust\n"
        ));
        self
    }
}

/// A Postgres server of the test's own, with a directory, a port and a process that nobody else uses.
///
/// When it is dropped, everything of it is removed, and also when the process that started it dies by any signal. If it was
/// [kept](Self::kept), the directory stays.
#[derive(Debug)]
pub struct Cluster {
    /// Before the place, so that it is dropped first: the directory goes when the server is gone.
    running: Mutex<Option<Supervised>>,
    place: Place,
    binaries: Binaries,
    port: u16,
    server: Server,
}

impl Cluster {
    /// Makes and starts one, and waits until it answers.
    ///
    /// # Panics
    ///
    /// Where no server is installed, or it does not come up.
    pub async fn start(options: Options) -> Self {
        let place = match options.durable {
            true => Place::on_disk,
            false => Place::in_memory,
        };
        Self::start_in(place, options).await
    }

    /// Starts one in a directory that stays, with the data that it has, or makes it there. The options count when it is
    /// made.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub async fn kept(directory: &Path, options: Options) -> Self {
        let directory = directory.to_owned();
        Self::start_in(move || Place::kept(&directory), options).await
    }

    async fn start_in(place: impl FnOnce() -> Place + Send + 'static, options: Options) -> Self {
        let binaries = options.binaries.clone().unwrap_or_else(Binaries::any);
        let made = move || {
            let place = place();
            if !place.path().join("data").exists() {
                initialise(&place, &options, &binaries);
            }
            (place, binaries)
        };
        let made = tokio::task::spawn_blocking(made).await;
        let (place, binaries) = made.expect("initdb makes a cluster");
        Self::come_up(place, binaries).await
    }

    /// Runs the server of a place on a port that is free.
    async fn come_up(place: Place, binaries: Binaries) -> Self {
        for _ in 0..20 {
            let port = supervised::free_port();
            if let Some(running) = run(&place, &binaries, port).await {
                let server = Server::from_url(&format!("postgres://postgres@127.0.0.1:{port}"));
                return Self {
                    running: Mutex::new(Some(running)),
                    place,
                    binaries,
                    port,
                    server,
                };
            }
        }
        panic!("other processes took every port that was free");
    }

    /// The server's address.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The superuser's URL of a database.
    pub fn url(&self, database: &str) -> String {
        self.server.url(database)
    }

    /// The superuser's URL of the database `postgres`, which every cluster has.
    pub fn superuser_url(&self) -> String {
        self.server.url("postgres")
    }

    /// The process id of the postmaster.
    ///
    /// # Panics
    ///
    /// While the server is down.
    pub async fn pid(&self) -> u32 {
        self.running
            .lock()
            .await
            .as_ref()
            .expect("the server is up")
            .pid()
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.binaries.major()
    }

    /// The directory of data, log and socket.
    pub fn directory(&self) -> &Path {
        self.place.path()
    }

    /// The last lines of the server's log.
    pub fn log(&self) -> String {
        supervised::tail(&supervised::log(&self.place))
    }

    /// Ends every process of the server by SIGKILL, and returns when all are dead.
    ///
    /// # Panics
    ///
    /// While the server is down.
    pub async fn kill_9(&self) {
        let running = self.running.lock().await.take().expect("the server is up");
        running.kill_9().await;
    }

    /// Stops the server in an orderly way: open transactions are rolled back, connections told and closed.
    pub async fn stop(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.end(Signal::INT).await;
        }
    }

    /// Starts the server again with another setting of `postgresql.conf`.
    ///
    /// # Panics
    ///
    /// Where it does not come up.
    pub async fn restart_with(&self, name: &str, value: &str) {
        self.stop().await;
        set(&self.place, name, value);
        self.restart().await;
    }

    /// Starts the server again, on its data and its port, and waits until it answers. One that is up is stopped first.
    ///
    /// # Panics
    ///
    /// Where it does not come up.
    pub async fn restart(&self) {
        self.stop().await;
        for _ in 0..20 {
            if let Some(running) = run(&self.place, &self.binaries, self.port).await {
                *self.running.lock().await = Some(running);
                return;
            }
        }
        panic!(
            "another process took the port {} while the server was down",
            self.port
        );
    }
}

fn initialise(place: &Place, options: &Options, binaries: &Binaries) {
    let mut initdb = place.account().command(binaries.program("initdb"));
    initdb.arg("-D").arg(place.path().join("data"));
    // Where the directory goes, its medium need not be waited for; a durable server waits from its start on.
    initdb.args([
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    let output = initdb.stdout(place.hold()).output();
    let output = output.unwrap_or_else(|error| panic!("{initdb:?} does not run: {error}"));
    assert!(
        output.status.success(),
        "initdb fails: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let ours = [
        ("listen_addresses", "127.0.0.1"),
        (
            "unix_socket_directories",
            place.path().to_str().expect("a path in ASCII"),
        ),
        // Many tests at once, each with pools.
        ("max_connections", "300"),
        ("max_prepared_transactions", "10"),
        // In the data directory, so that a killed server leaves none in /dev/shm.
        ("dynamic_shared_memory_type", "mmap"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
    ];
    let theirs = options
        .settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in ours.into_iter().chain(theirs) {
        set(place, name, value);
    }
    if let Some(lines) = &options.let_in {
        place.write("data/pg_hba.conf", lines);
    }
}

/// Adds a setting, which goes before those of the same name.
fn set(place: &Place, name: &str, value: &str) {
    let line = format!("{name} = '{}'\n", value.replace('\'', "''"));
    place.append("data/postgresql.conf", &line);
}

/// Runs the server until it answers, or is up as a standby that takes no connections. `None` when another process has
/// the port.
async fn run(place: &Place, binaries: &Binaries, port: u16) -> Option<Supervised> {
    let data = place.path().join("data");
    let status = data.join("postmaster.pid");
    let postgres = binaries.program("postgres").into_os_string();
    let arguments: [OsString; 5] = [
        postgres,
        "-D".into(),
        data.into_os_string(),
        "-p".into(),
        port.to_string().into(),
    ];
    let server = Supervised::start(place, arguments);
    let pid = server.pid().to_string();
    // Its own word for it in its own file: on the port, another cluster could be answering.
    let ready = || {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let mut lines = status.lines();
        lines.next().is_some_and(|it| it.trim() == pid)
            && lines
                .nth(6)
                .is_some_and(|it| ["ready", "standby"].contains(&it.trim()))
    };
    if server.until(ready).await {
        return Some(server);
    }
    let log = supervised::tail(&supervised::log(place));
    let last = log.rsplit("starting PostgreSQL").next().unwrap_or(&log);
    assert!(
        last.contains("could not create any TCP/IP sockets"),
        "the server does not start:\n{log}"
    );
    None
}
