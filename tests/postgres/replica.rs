//! A server that follows another one.

use std::time::{Duration, Instant};

use sqlx::Connection;

use super::{Cluster, place::Place, set, supervised};

/// How long a replica may take to catch up before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

impl Cluster {
    /// A copy of this server that follows it by streaming and can be read, on a directory and a port of its own.
    ///
    /// # Panics
    ///
    /// Where the copy cannot be made, or does not come up.
    pub async fn replica(&self) -> Self {
        let (binaries, url) = (self.binaries.clone(), self.superuser_url());
        let copy = move || {
            let place = Place::in_memory();
            let mut backup = place.account().command(binaries.program("pg_basebackup"));
            backup.arg("--pgdata").arg(place.path().join("data"));
            backup.args(["--dbname", &url]);
            backup.args(["--checkpoint=fast", "--write-recovery-conf", "--no-sync"]);
            let output = backup.output();
            let output = output.unwrap_or_else(|error| panic!("{backup:?} does not run: {error}"));
            assert!(
                output.status.success(),
                "pg_basebackup fails: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let sockets = place.path().to_str().expect("a path in ASCII");
            set(&place, "unix_socket_directories", sockets);
            (place, binaries)
        };
        let copied = tokio::task::spawn_blocking(copy).await;
        let (place, binaries) = copied.expect("a server that runs can be copied");
        Self::come_up(place, binaries).await
    }

    /// Waits until this replica has whatever its primary had committed when asked.
    ///
    /// # Panics
    ///
    /// Where it falls behind for long.
    pub async fn catch_up(&self, primary: &Self) {
        let mut ahead = primary.server.connect("postgres").await.expect("it is up");
        let written = sqlx::query_scalar("SELECT pg_current_wal_lsn()::text");
        let written: String = written
            .fetch_one(&mut ahead)
            .await
            .expect("a superuser may ask");
        ahead.close().await.expect("the connection ends");
        let mut behind = self.server.connect("postgres").await.expect("it is up");
        let began = Instant::now();
        loop {
            let replayed = sqlx::query_scalar(
                "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false)",
            );
            let replayed = replayed.bind(&written).fetch_one(&mut behind).await;
            if replayed.expect("a superuser may ask") {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the replica does not follow:\n{}",
                supervised::tail(&supervised::log(&self.place))
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Makes a primary of this replica, and returns when it takes writes.
    ///
    /// # Panics
    ///
    /// Where it is none, or does not become one.
    pub async fn promote(&self) {
        let mut connection = self.server.connect("postgres").await.expect("it is up");
        let promote = sqlx::query_scalar("SELECT pg_promote()");
        let promoted: bool = promote.fetch_one(&mut connection).await.expect("a replica");
        assert!(promoted, "the replica does not become a primary");
        connection.close().await.expect("the connection ends");
    }
}
