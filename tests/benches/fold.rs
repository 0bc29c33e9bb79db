//! What generated folding costs beside a hand-written `match`, in instructions counted by callgrind.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a bench prints its figures and ends when it cannot get them"
)]

mod support;

use std::{env, hint::black_box, process::Command};

use intent_runtime::prelude::*;
use support::{
    account::{Account, Written, history},
    heading, row,
};

const EVENTS: usize = 10_000;
const TURNS: u64 = 10;

fn main() {
    let mut arguments = env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--work"), Some(work)) => {
            let turns = arguments
                .next()
                .and_then(|turns| turns.parse().ok())
                .unwrap_or(0);
            run(&work, turns);
        }
        _ => compare(),
    }
}

fn compare() {
    heading(&format!("Folding {EVENTS} events (callgrind)"), "instr.");
    for what in ["apply", "rehydrate"] {
        let ours = instructions(&format!("{what}-generated"));
        let bare = instructions(&format!("{what}-written"));
        row(what, ours, bare);
    }
    println!("(at most 1.030; bare is a match written by hand)");
}

/// The instructions of one turn: those of a run with many turns less those of a run with none.
fn instructions(work: &str) -> f64 {
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

fn run(work: &str, turns: u64) {
    let id = Id::from_name("bench");
    let events = history(EVENTS);
    let histories: Vec<_> = (0..turns).map(|_| events.clone()).collect();
    match work {
        "apply-generated" => {
            for events in &histories {
                let mut state = Account::init(id, &events[0]).expect("a creating event");
                black_box(events)[1..]
                    .iter()
                    .for_each(|event| state.apply(event));
                black_box(state);
            }
        }
        "apply-written" => {
            for events in &histories {
                let mut state = Written::init(id, &events[0]).expect("a creating event");
                black_box(events)[1..]
                    .iter()
                    .for_each(|event| state.apply(event));
                black_box(state);
            }
        }
        // Both histories are cloned before, so that only the fold differs between the runs.
        "rehydrate-generated" => {
            for events in histories {
                black_box(Account::rehydrate(id, black_box(events)).expect("a history"));
            }
        }
        "rehydrate-written" => {
            for events in histories {
                black_box(Written::rehydrate(id, black_box(events)).expect("a history"));
            }
        }
        other => panic!("no work is called {other}"),
    }
}
