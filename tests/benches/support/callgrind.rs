//! Counting instructions: the bench runs itself under callgrind, once for each piece of work.

use std::{env, process::Command};

/// How often a piece of work is done in one run.
const TURNS: u64 = 10;

/// Whether this run is one that is counted: then which work it is to do, and how often.
pub fn asked_for() -> Option<(String, u64)> {
    let mut arguments = env::args().skip(1);
    if arguments.next()? != "--work" {
        return None;
    }
    let work = arguments.next()?;
    Some((work, arguments.next()?.parse().ok()?))
}

/// The instructions of one turn: those of a run with many turns less those of a run with none.
pub fn instructions(work: &str) -> f64 {
    let count = |turns: u64| counted(work, turns) as f64;
    (count(TURNS) - count(0)) / TURNS as f64
}

fn counted(work: &str, turns: u64) -> u64 {
    let this = env::current_exe().expect("a bench knows its own path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["--work", work, &turns.to_string()])
        .output()
        .expect("valgrind is needed to count instructions: install it with apt or brew");
    let report = String::from_utf8_lossy(&output.stderr);
    let collected = report
        .lines()
        .find_map(|line| line.split("Collected :").nth(1));
    let count = collected.and_then(|count| count.trim().parse().ok());
    count.unwrap_or_else(|| panic!("valgrind counted nothing:\n{report}"))
}
