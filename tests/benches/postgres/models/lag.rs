//! How far read models are behind under load, in a new log and in a large one.

use std::time::{Duration, Instant};

use intent_runtime::prelude::*;
use tokio::{task::JoinSet, time::sleep};

use super::{
    super::{median, place::Place},
    Balance, Deposit, WITHIN, account, commands, fill, multiply, three, with_workers,
};

pub(super) async fn report(place: &Place) {
    println!(
        "\n{:<48}{:>14}{:>14}{:>14}{:>14}",
        "three models, lag under load", "events/s", "median, ms", "p99, ms", "commands/s"
    );
    for before in [0, 3_000_000] {
        lag(place, before).await;
    }
}

/// How long after a command was answered its row is there, while 5,000 events come in each second and three models are kept.
/// And how many commands a second the writers get through if they do not pause.
async fn lag(place: &Place, before: u64) {
    const KEYS: u64 = 1_000;
    const OTHERS: u64 = 1_000_000;
    const WRITERS: u64 = 32;
    const RATE: u64 = 5_000;
    const LASTS: Duration = Duration::from_secs(10);

    let database = with_workers(place).await;
    let app = App::connect(&database.url(), three()).await.unwrap();
    if before > 0 {
        fill(&app, OTHERS..OTHERS + KEYS, 10).await;
        multiply(&database, before / (10 * KEYS)).await;
    }
    fill(&app, 0..KEYS, 10).await;
    let workers = app.start().await.unwrap();
    app.settled(WITHIN).await.unwrap();
    let begun = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let app = app.clone();
        writers.spawn(async move {
            let (mut sent, note) = (0, "load".to_owned());
            while begun.elapsed() < LASTS {
                let due = Duration::from_micros(sent * WRITERS * 1_000_000 / RATE);
                sleep(due.saturating_sub(begun.elapsed())).await;
                let (id, note) = (account(writer + WRITERS * (sent % 30)), note.clone());
                app.send(Deposit {
                    id,
                    amount: 1,
                    note,
                })
                .await
                .unwrap();
                sent += 1;
            }
            sent
        });
    }
    let mut lags = Vec::new();
    while begun.elapsed() < LASTS {
        let (id, note) = (account(KEYS - 1), "sample".to_owned());
        let sent = app
            .send(Deposit {
                id,
                amount: 1,
                note,
            })
            .await
            .unwrap();
        let answered = Instant::now();
        app.wait_for::<Balance>(&sent, WITHIN).await.unwrap();
        lags.push(answered.elapsed().as_secs_f64() * 1e3);
        sleep(Duration::from_millis(10)).await;
    }
    let sent: u64 = writers.join_all().await.into_iter().sum();
    let most = commands(&app, WRITERS, LASTS / 2).await;
    workers.stop(WITHIN).await.unwrap();
    lags.sort_by(f64::total_cmp);
    println!(
        "{:<48}{:>14.0}{:>14.1}{:>14.1}{most:>14.0}",
        format!("{before} events before, {} samples", lags.len()),
        sent as f64 / LASTS.as_secs_f64(),
        median(lags.clone()),
        lags[lags.len() * 99 / 100],
    );
}
