//! What generated folding costs beside a hand-written `match`, in instructions counted by callgrind.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench prints its figures and ends when it cannot get them"
)]

mod support;

use std::hint::black_box;

use intent_runtime::prelude::*;
use support::{
    account::{Account, Written, history},
    callgrind::{self, instructions},
    heading, row,
};

const EVENTS: usize = 10_000;

fn main() {
    match callgrind::asked_for() {
        Some((work, turns)) => run(&work, turns),
        None => compare(),
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

fn run(work: &str, turns: u64) {
    let id = Id::from_name("bench");
    let events = history(EVENTS);
    let histories: Vec<_> = (0..turns).map(|_| events.clone()).collect();
    match work {
        "apply-generated" => {
            for events in &histories {
                let created = Account::init(id, &events[0]).expect("no overflow");
                let mut state = created.expect("a creating event");
                black_box(events)[1..]
                    .iter()
                    .try_for_each(|event| state.apply(event))
                    .expect("no overflow");
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
