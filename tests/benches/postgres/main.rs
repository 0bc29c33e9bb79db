//! The Postgres store beside bare SQL, on one server of the bench's own with every safeguard of a production one.
//!
//! `cargo bench -p intent-tests --bench postgres`, or with some of `append inline security load log lag models rebuild memory` behind `--`.
//! Both sides take turns, round by round; medians and their ratios are reported.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark fails by panicking and reports by printing, and its counts are far below 2^52"
)]

mod append;
mod inline;
mod lag;
mod load;
mod log;
mod memory;
mod models;
mod place;
mod security;
mod writers;

use self::place::Place;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|name| name == part);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let place = Place::start().await;
        if wants("append") {
            append::report(&place).await;
        }
        if wants("inline") {
            inline::report(&place).await;
        }
        if wants("security") {
            security::report(&place).await;
        }
        if wants("load") {
            load::report(&place).await;
        }
        if wants("log") {
            log::report(&place).await;
        }
        if wants("lag") {
            lag::report(&place).await;
        }
        if wants("models") {
            models::report(&place).await;
        }
        if wants("rebuild") {
            models::rebuild::report(&place).await;
        }
        if wants("memory") {
            memory::report(&place).await;
        }
    });
}

/// Lets two sides take turns, and returns the median of each and of the ratios of neighbouring rounds: whatever slows one turn
/// slows the next one too.
async fn in_turn(
    rounds: usize,
    ours: impl AsyncFn() -> f64,
    bare: impl AsyncFn() -> f64,
) -> (f64, f64, f64) {
    let (mut of_ours, mut of_bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (ours, bare) = (ours().await, bare().await);
        of_ours.push(ours);
        of_bare.push(bare);
        ratios.push(ours / bare);
    }
    (median(of_ours), median(of_bare), median(ratios))
}

fn heading(title: &str, bare: &str) {
    println!("\n{title:<48}{:>14}{bare:>14}{:>8}", "ours", "ratio");
}

fn line(what: &str, (ours, bare, ratio): (f64, f64, f64)) {
    println!("{what:<48}{ours:>14.0}{bare:>14.0}{ratio:>8.2}");
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
