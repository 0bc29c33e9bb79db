//! What the benches share: a small domain, and how two ways of doing one thing are measured side by side.

#![allow(dead_code, reason = "each bench uses its part")]
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a bench prints its figures and ends when it cannot get them"
)]

pub mod account;
pub mod callgrind;
pub mod chains;

use std::time::{Duration, Instant};

/// Runs two ways in turn, so that what disturbs one disturbs the other, and returns the quickest time of each.
pub fn side_by_side(
    rounds: usize,
    mut ours: impl FnMut(),
    mut bare: impl FnMut(),
) -> (Duration, Duration) {
    let mut times = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for _ in 0..rounds {
        times.0.push(time(&mut ours));
        times.1.push(time(&mut bare));
    }
    (quickest(times.0), quickest(times.1))
}

/// The quickest of several times: what the work takes when nothing else runs on the core.
pub fn quickest(times: Vec<Duration>) -> Duration {
    times.into_iter().min().unwrap_or_default()
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn time(work: &mut impl FnMut()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

/// Prints the heading of a table whose rows [`row`] prints.
pub fn heading(title: &str, unit: &str) {
    println!("\n{title}");
    println!(
        "{:<44} {:>14} {:>14} {:>7}",
        "",
        format!("ours, {unit}"),
        format!("bare, {unit}"),
        "ratio"
    );
}

/// Prints one line: both figures and ours divided by the other.
pub fn row(what: &str, ours: f64, bare: f64) {
    println!("{what:<44} {ours:>14.0} {bare:>14.0} {:>7.3}", ours / bare);
}
