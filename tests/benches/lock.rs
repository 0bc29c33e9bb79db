//! How long a check of `intent.lock` takes for 50 aggregates with 250 events, and its first update.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a bench prints its figures and ends when it cannot get them"
)]

mod support;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use intent_runtime::{
    Domain,
    lock::{self, Mode},
    prelude::*,
};

const ROUNDS: usize = 20;

/// Where the events of all aggregates come from.
#[derive(Aggregate)]
#[aggregate(
    created_by(Opened),
    events(Deposited => (), Withdrawn => (), Noted => (), Closed => ())
)]
struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
struct Opened {
    owner: String,
    address: Address,
}

#[event]
struct Deposited {
    amount: Money,
    channel: String,
}

#[event]
struct Withdrawn {
    amount: Money,
}

#[event]
struct Noted {
    text: String,
    by: Option<String>,
}

#[event]
struct Closed {
    reason: String,
}

#[value]
struct Money {
    cents: i64,
    currency: String,
}

#[value]
struct Address {
    street: String,
    town: String,
    country: Option<String>,
}

/// An aggregate that differs from the others in its name only.
struct Numbered<const NUMBER: usize>;

macro_rules! numbered {
    ($($number:literal)+) => {
        $(impl Aggregate for Numbered<$number> {
            type Event = AccountEvent;
            const TYPE: &'static str = concat!("Account", $number);

            fn init(_: Id<Self>, _: &AccountEvent) -> Result<Option<Self>, Overflow> {
                Ok(Some(Self))
            }

            fn apply(&mut self, _: &AccountEvent) -> Result<(), Overflow> {
                Ok(())
            }

            fn is_creating(event: &AccountEvent) -> bool {
                matches!(event, AccountEvent::Opened(_))
            }
        })+

        fn domain() -> Domain {
            Domain::new()$(.aggregate::<Numbered<$number>>())+
        }
    };
}

numbered! {
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24
    25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49
}

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lock");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let file = folder.join("intent.lock");
    let check =
        |mode| lock::check(domain().catalogue(), &folder, mode).expect("the code is as recorded");
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // The first round may find one of an earlier run, or none.
        let _ = fs::remove_file(&file);
        times.0.push(time(|| check(Mode::Update)));
        times.1.push(time(|| check(Mode::Check)));
    }
    let domain = domain();
    let aggregates = domain.catalogue().aggregates();
    let events: usize = aggregates.iter().map(|kind| kind.events.len()).sum();
    let lines = fs::read_to_string(&file)
        .expect("the lock is there")
        .lines()
        .count();
    println!(
        "\nintent.lock of {} aggregates with {events} events, {lines} lines",
        aggregates.len()
    );
    let millis = |times| support::median(times).as_secs_f64() * 1e3;
    println!("first update {:>10.1} ms", millis(times.0));
    println!(
        "check        {:>10.1} ms   (at most 1000, also where tests are built without optimization)",
        millis(times.1)
    );
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}
