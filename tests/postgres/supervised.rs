//! A server process that dies with the process that started it.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

use super::place::Place;

/// How long a server may take to come up or to go down before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// One run of a server, under a small shell process that ends it when this process ends, however it ends.
#[derive(Debug)]
pub struct Supervised {
    /// Its standard input is what it waits for.
    shell: Child,
    pid: Pid,
    log: PathBuf,
    /// True once the server and all its children are dead: none of them holds the status pipe any more.
    dead: watch::Receiver<bool>,
}

impl Supervised {
    /// Starts a command in a place; what it prints is added to the place's `log`.
    pub fn start(place: &Place, command: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        let log = log(place);
        let mut shell = place.account().shell(include_str!("supervisor.sh"), &log);
        shell
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(place.hold());
        let mut shell = shell.spawn().expect("sh runs");
        let mut status = BufReader::new(shell.stdout.take().expect("piped"));
        let mut pid = String::new();
        status
            .read_line(&mut pid)
            .expect("the supervisor tells the process id");
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw);
        let (end, dead) = watch::channel(false);
        std::thread::spawn(move || {
            let _ = status.read_to_end(&mut Vec::new());
            let _ = end.send(true);
        });
        Self {
            shell,
            pid: pid.expect("a process id"),
            log,
            dead,
        }
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().cast_unsigned()
    }

    /// Waits until `ready`. False when the server ended instead.
    pub async fn until(&self, mut ready: impl FnMut() -> bool) -> bool {
        let began = Instant::now();
        while !ready() {
            if *self.dead.borrow() {
                return false;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the server does not come up:\n{}",
                tail(&self.log)
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }

    /// Sends the server a signal and waits until all its processes are dead.
    pub async fn end(mut self, signal: Signal) {
        let _ = kill_process(self.pid, signal);
        self.death().await;
    }

    /// Ends the server and all its children at once, as a machine that loses its power does.
    ///
    /// SIGKILL to the parent alone would let its children finish what they were doing, and even answer.
    pub async fn kill_9(mut self) {
        // A stopped parent neither sees its children die nor makes new ones.
        let _ = kill_process(self.pid, Signal::STOP);
        for child in children(self.pid) {
            let _ = kill_process(child, Signal::KILL);
        }
        let _ = kill_process(self.pid, Signal::KILL);
        self.death().await;
    }

    async fn death(&mut self) {
        let dead = tokio::time::timeout(PATIENCE, self.dead.wait_for(|dead| *dead)).await;
        assert!(
            dead.is_ok(),
            "the server does not end:\n{}",
            tail(&self.log)
        );
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // The shell waits for the server, so that no zombie looks like a server that still has the directory.
        let _ = self.shell.wait();
    }
}

fn children(parent: Pid) -> Vec<Pid> {
    let processes = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let processes =
        processes.expect("`ps` lists the processes: install procps, or run tests/run, which does");
    String::from_utf8_lossy(&processes.stdout)
        .lines()
        .filter_map(|line| {
            let (child, its_parent) = line.trim().split_once(' ')?;
            let child = Pid::from_raw(child.parse().ok()?)?;
            (Pid::from_raw(its_parent.trim().parse().ok()?)? == parent).then_some(child)
        })
        .collect()
}

/// Where a place's servers log.
pub fn log(place: &Place) -> PathBuf {
    place.path().join("log")
}

/// The last lines of a log.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// A port that is free now, for a server to come back to after it went down.
///
/// Taken from below the range that the system gives to outgoing connections: one of those could sit on the port
/// while the server is down. Who starts a server still tries again when another process was quicker.
pub fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(20_000..32_000);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
