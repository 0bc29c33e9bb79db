//! How far an import is: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::IsTerminal,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anstream::println;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::xes::Meter;

/// If the output is no terminal, a line is printed each time this many applications are done.
const EVERY: u64 = 100;
const BAR: &str = "{bar:30} {percent:>3} %  {msg}  {eta} left";
const TICK: Duration = Duration::from_millis(100);

/// Counts what is done and shows it. Cheap to clone.
#[derive(Clone)]
pub struct Progress {
    counts: Arc<Counts>,
    meter: Meter,
    bar: Option<ProgressBar>,
}

/// What was done so far.
#[derive(Debug, Default)]
struct Counts {
    applications: AtomicU64,
    stored: AtomicU64,
    before: AtomicU64,
}

/// What was done so far, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub applications: u64,
    /// Events stored now.
    pub stored: u64,
    /// Events that were there already.
    pub before: u64,
}

impl Progress {
    /// For a log of `bytes` bytes; `meter` says how many were read.
    pub fn of(bytes: u64, meter: Meter) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(bytes);
            if let Ok(style) = ProgressStyle::with_template(BAR) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            counts: Arc::default(),
            meter,
            bar,
        }
    }

    /// Shows nothing.
    #[cfg(test)]
    pub fn hidden() -> Self {
        Self {
            counts: Arc::default(),
            meter: Meter::default(),
            bar: Some(ProgressBar::hidden()),
        }
    }

    pub fn stored(&self) {
        self.counts.stored.fetch_add(1, Ordering::Relaxed);
    }

    pub fn were_there(&self, events: u64) {
        self.counts.before.fetch_add(events, Ordering::Relaxed);
    }

    /// One application is done.
    pub fn finish_one(&self) {
        let applications = 1 + self.counts.applications.fetch_add(1, Ordering::Relaxed);
        match &self.bar {
            Some(bar) => {
                let done = self.done();
                bar.set_position(self.meter.bytes());
                bar.set_message(format!("{} events", HumanCount(done.stored + done.before)));
            }
            None if applications.is_multiple_of(EVERY) => {
                let done = self.done();
                println!(
                    "{:>10} applications {:>10} events stored {:>10} there already",
                    HumanCount(applications).to_string(),
                    HumanCount(done.stored).to_string(),
                    HumanCount(done.before).to_string(),
                );
            }
            None => {}
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    pub fn done(&self) -> Done {
        Done {
            applications: self.counts.applications.load(Ordering::Relaxed),
            stored: self.counts.stored.load(Ordering::Relaxed),
            before: self.counts.before.load(Ordering::Relaxed),
        }
    }
}
