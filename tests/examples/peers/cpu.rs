//! CPU time used by this process and by a Postgres server, as Linux counts it.

use std::{fs, path::Path};

/// How many ticks a second `/proc/*/stat` counts in.
const TICKS: f64 = 100.0;

/// CPU seconds used so far, by this process and by the server.
#[derive(Clone, Copy)]
pub struct Cpu {
    postmaster: Option<u32>,
    client: f64,
    server: f64,
}

impl Cpu {
    /// What was used by now. Without a `postmaster` the server's part is 0.
    pub fn now(postmaster: Option<u32>) -> Self {
        let client = Process::read(Path::new("/proc/self"));
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let servers = processes.filter_map(|process| {
            let number: u32 = process.file_name().to_str()?.parse().ok()?;
            let read = Process::read(&process.path())?;
            if Some(number) == postmaster {
                // Those of its children that have ended count too.
                Some(read.exact(&process.path()) + read.children)
            } else {
                (Some(read.parent) == postmaster).then(|| read.exact(&process.path()))
            }
        });
        Self {
            postmaster,
            client: client.map_or(0.0, |process| process.seconds),
            server: servers.sum(),
        }
    }

    /// Microseconds since then, by client and server, for each of so many.
    pub fn since(self, count: u64) -> (f64, f64) {
        let now = Self::now(self.postmaster);
        let each = |seconds: f64| seconds * 1e6 / count.max(1) as f64;
        (
            each(now.client - self.client),
            each(now.server - self.server),
        )
    }
}

struct Process {
    parent: u32,
    /// Of all its threads, in whole ticks.
    seconds: f64,
    /// Of its children that have ended.
    children: f64,
}

impl Process {
    fn read(directory: &Path) -> Option<Self> {
        let text = fs::read_to_string(directory.join("stat")).ok()?;
        let fields: Vec<&str> = text[text.rfind(')')? + 2..].split(' ').collect();
        let ticks = |first: usize| -> Option<f64> {
            Some(
                fields.get(first)?.parse::<f64>().ok()?
                    + fields.get(first + 1)?.parse::<f64>().ok()?,
            )
        };
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            seconds: ticks(11)? / TICKS,
            children: ticks(13)? / TICKS,
        })
    }

    /// To the nanosecond, for a process with one thread, as each of a server's is.
    fn exact(&self, directory: &Path) -> f64 {
        let text = fs::read_to_string(directory.join("schedstat")).unwrap_or_default();
        let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
        nanoseconds.map_or(self.seconds, |nanoseconds: f64| nanoseconds / 1e9)
    }
}
