//! What decoding costs: with folding, beside bare serde into the same structs, chosen by a `match` on the name; through a
//! chain, beside the current version; and what a chain costs the current version, in instructions counted by callgrind.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a bench prints its figures and ends when it cannot get them"
)]

mod support;

use std::{hint::black_box, time::Duration};

use intent_runtime::model::AggregateEvent;
use intent_runtime::prelude::*;
use support::{
    account::{Account, AccountEvent, Deposited, Opened, Renamed, Withdrawn, Written, history},
    callgrind::{self, instructions},
    chains::{chained, payloads, plain},
    heading, row, side_by_side,
};

const EVENTS: usize = 10_000;
const ROUNDS: usize = 101;

/// A stored event, as a store hands it over.
struct Stored {
    name: String,
    payload: Vec<u8>,
}

fn main() {
    match callgrind::asked_for() {
        Some((work, turns)) => count(&work, turns),
        None => {
            decode_and_fold();
            decode_old();
            decode_beside_a_chain();
        }
    }
}

fn stored() -> Vec<Stored> {
    history(EVENTS)
        .iter()
        .map(|event| Stored {
            name: event.name().to_owned(),
            payload: event
                .encode()
                .expect("plain fields")
                .get()
                .as_bytes()
                .to_vec(),
        })
        .collect()
}

fn decode_and_fold() {
    let stored = stored();
    let id = Id::from_name("bench");
    assert_eq!(ours(id, &stored).balance, bare(id, &stored).balance);

    let (ours, bare) = side_by_side(
        ROUNDS,
        || drop(black_box(ours(id, black_box(&stored)))),
        || drop(black_box(bare(id, black_box(&stored)))),
    );
    heading(
        &format!("Decoding and folding {EVENTS} events from memory"),
        "ev/s",
    );
    row("current version", per_second(ours), per_second(bare));
    row("instructions", instructions("ours"), instructions("bare"));
    println!("(at least 0.900; bare is serde_json::from_slice and a match written by hand)");
}

/// The speed of old payloads on their way through three steps.
fn decode_old() {
    let (first, fourth) = payloads(EVENTS);
    let decode = |version, payload: &[u8]| {
        chained::AccountEvent::decode_one("Deposited", version, payload)
            .expect("a payload of its version")
    };
    let chained::AccountEvent::Deposited(one) = decode(1, &first[7]);
    let chained::AccountEvent::Deposited(other) = decode(4, &fourth[7]);
    assert_eq!(one, other);
    let all = |version, payloads: &[Vec<u8>]| {
        for payload in black_box(payloads) {
            drop(black_box(decode(version, payload)));
        }
    };
    let (old, current) = side_by_side(ROUNDS, || all(1, &first), || all(4, &fourth));
    heading(&format!("Decoding {EVENTS} events from memory"), "ev/s");
    row(
        "version 1, through three steps",
        per_second(old),
        per_second(current),
    );
    println!("(at least 0.333; bare is the current version)");
}

/// The instructions of current payloads, of an event that has older versions and of one that has none.
fn decode_beside_a_chain() {
    heading(&format!("Decoding {EVENTS} events (callgrind)"), "instr.");
    row(
        "current version",
        instructions("chained"),
        instructions("plain"),
    );
    println!("(at most 1.020; bare is the event without older versions)");
}

fn count(work: &str, turns: u64) {
    if matches!(work, "ours" | "bare") {
        let (id, stored) = (Id::from_name("bench"), stored());
        for _ in 0..turns {
            match work {
                "ours" => drop(black_box(ours(id, black_box(&stored)))),
                _ => drop(black_box(bare(id, black_box(&stored)))),
            }
        }
        return;
    }
    let (_, payloads) = payloads(EVENTS);
    for _ in 0..turns {
        for payload in black_box(&payloads) {
            match work {
                "chained" => drop(black_box(chained::AccountEvent::decode_one(
                    "Deposited",
                    4,
                    payload,
                ))),
                "plain" => drop(black_box(plain::AccountEvent::decode_one(
                    "Deposited",
                    1,
                    payload,
                ))),
                other => panic!("no work is called {other}"),
            }
        }
    }
}

fn per_second(time: Duration) -> f64 {
    EVENTS as f64 / time.as_secs_f64()
}

/// As a load folds: each event is decoded and applied where it lies, none is moved once more.
fn ours(id: Id<Account>, stored: &[Stored]) -> Account {
    let mut account = None;
    for event in stored {
        let decoded = AccountEvent::decode_one(&event.name, 1, &event.payload);
        match decoded {
            Ok(ref event) => fold(&mut account, id, event),
            Err(error) => panic!("it was encoded above: {error}"),
        }
    }
    account.expect("a history")
}

fn fold(account: &mut Option<Account>, id: Id<Account>, event: &AccountEvent) {
    match account {
        Some(_) if Account::is_creating(event) => panic!("an account is created once"),
        Some(account) => account.apply(event).expect("no overflow"),
        None => *account = Account::init(id, event).expect("no overflow"),
    }
}

fn bare(id: Id<Account>, stored: &[Stored]) -> Written {
    let events = stored.iter().map(|event| {
        let payload = &event.payload;
        let decoded = match event.name.as_str() {
            "Opened" => serde_json::from_slice::<Opened>(payload).map(AccountEvent::Opened),
            "Deposited" => {
                serde_json::from_slice::<Deposited>(payload).map(AccountEvent::Deposited)
            }
            "Withdrawn" => {
                serde_json::from_slice::<Withdrawn>(payload).map(AccountEvent::Withdrawn)
            }
            "Renamed" => serde_json::from_slice::<Renamed>(payload).map(AccountEvent::Renamed),
            other => panic!("no event is called {other}"),
        };
        decoded.expect("it was encoded above")
    });
    Written::rehydrate(id, events)
        .expect("a history")
        .expect("it is not empty")
}
