//! What a rebuild costs those who write and read meanwhile.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use intent_runtime::prelude::*;
use tokio::time::sleep;

use super::{
    super::{
        memory::{memory, peak_from_now},
        place::Place,
    },
    Balance, WITHIN, account, commands, fill, multiply, one, with_workers,
};

const EVENTS: u64 = 1_000_000;
const KEYS: u64 = 1_000;
const OTHERS: u64 = 1_000_000;
const WRITERS: u64 = 16;
const LASTS: Duration = Duration::from_secs(5);

pub async fn report(place: &Place) {
    let database = with_workers(place).await;
    let app = App::connect(&database.url(), one()).await.unwrap();
    fill(&app, OTHERS..OTHERS + KEYS, 10).await;
    multiply(&database, EVENTS / (10 * KEYS)).await;
    fill(&app, 0..KEYS, 1).await;
    let workers = app.start().await.unwrap();
    app.settled(WITHIN).await.unwrap();
    let before = commands(&app, WRITERS, LASTS).await;
    let (usual, ()) = longest_read(&app, sleep(LASTS)).await;
    let memory_before = peak_from_now();
    let begun = Instant::now();
    app.rebuild::<Balance>().await.unwrap();
    let (longest, rates) = longest_read(&app, rates_until_settled(&app)).await;
    let took = begun.elapsed();
    let grown = memory("VmHWM:").saturating_sub(memory_before) / 1024;
    workers.stop(WITHIN).await.unwrap();
    let during = rates.iter().sum::<f64>() / rates.len() as f64;
    println!(
        "\n{:<48}{:>14}{:>14}{:>8}",
        "a rebuild of 1,000,000 events", "during", "before", "ratio"
    );
    println!(
        "{:<48}{during:>14.0}{before:>14.0}{:>8.2}",
        "commands/s of 16 writers",
        during / before
    );
    println!(
        "{:<48}{longest:>14.1}{usual:>14.1}",
        "the longest read of a row, ms"
    );
    println!("{:<48}{:>14.1}", "seconds", took.as_secs_f64());
    println!("{:<48}{grown:>14}", "memory, MiB beyond what there was");
}

/// How many commands a second the writers get through, again and again, until the build is done.
async fn rates_until_settled(app: &App) -> Vec<f64> {
    let mut rates = Vec::new();
    let mut built = pin!(app.settled(WITHIN));
    loop {
        tokio::select! {
            done = &mut built => {
                done.unwrap();
                return rates;
            }
            rate = commands(app, WRITERS, Duration::from_millis(250)) => rates.push(rate),
        }
    }
}

/// How many milliseconds the longest of many reads of a row takes, while something goes on, and what comes of that.
async fn longest_read<T>(app: &App, during: impl Future<Output = T>) -> (f64, T) {
    let (mut longest, mut during) = (Duration::ZERO, pin!(during));
    let read = async || {
        let begun = Instant::now();
        app.read::<Balance>().get(account(1)).await.unwrap();
        let took = begun.elapsed();
        sleep(Duration::from_millis(1)).await;
        took
    };
    loop {
        tokio::select! {
            done = &mut during => return (longest.as_secs_f64() * 1e3, done),
            took = read() => longest = longest.max(took),
        }
    }
}
