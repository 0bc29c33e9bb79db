//! What decoding and folding costs beside bare serde into the same structs, chosen by a `match` on the name.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a bench prints its figures and ends when it cannot get them"
)]

mod support;

use std::hint::black_box;

use intent_runtime::{Decoded, prelude::*};
use support::{
    account::{Account, AccountEvent, Deposited, Opened, Renamed, Withdrawn, Written, history},
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
    let stored: Vec<Stored> = history(EVENTS)
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
        .collect();
    let id = Id::from_name("bench");
    assert_eq!(ours(id, &stored).balance, bare(id, &stored).balance);

    let (ours, bare) = side_by_side(
        ROUNDS,
        || drop(black_box(ours(id, black_box(&stored)))),
        || drop(black_box(bare(id, black_box(&stored)))),
    );
    let per_second = |time: std::time::Duration| EVENTS as f64 / time.as_secs_f64();
    heading(
        &format!("Decoding and folding {EVENTS} events from memory"),
        "ev/s",
    );
    row("current version", per_second(ours), per_second(bare));
    println!("(at least 0.900; bare is serde_json::from_slice and a match written by hand)");
}

/// As a load folds: each event is decoded and applied where it lies, none is moved once more.
fn ours(id: Id<Account>, stored: &[Stored]) -> Account {
    let mut account = None;
    for event in stored {
        let decoded = AccountEvent::decode(&event.name, 1, &event.payload);
        match decoded {
            Ok(Decoded::One(ref event)) => fold(&mut account, id, event),
            Ok(Decoded::Several(_)) => panic!("nothing is split"),
            Err(error) => panic!("it was encoded above: {error}"),
        }
    }
    account.expect("a history")
}

fn fold(account: &mut Option<Account>, id: Id<Account>, event: &AccountEvent) {
    match account {
        Some(_) if Account::is_creating(event) => panic!("an account is created once"),
        Some(account) => account.apply(event),
        None => *account = Account::init(id, event),
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
