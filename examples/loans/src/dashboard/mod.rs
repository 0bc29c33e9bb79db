//! `loans dashboard`: keeps the read models, and draws them. On a terminal it follows the log until Ctrl-C, elsewhere it prints
//! them once, when they have what is in the log.

mod board;

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use intent_runtime::{Activity, App, StoreError, Workers};
use tokio::{signal::ctrl_c, time::sleep};

use self::board::Board;
use crate::Failure;

/// How many weeks and how many people fit on a screen.
const ROWS: usize = 6;
const REFRESH: Duration = Duration::from_millis(250);
/// How long the rows may take to have what is in the log, where they are printed once.
const CATCH_UP: Duration = Duration::from_secs(10 * 60);
const STOP: Duration = Duration::from_secs(10);

/// Draws the dashboard until it is over.
pub async fn show(app: &App) -> Result<(), Failure> {
    // Without workers nobody would keep the rows. Where another process keeps them, these wait to take over.
    let workers = app.start().await?;
    if io::stdout().is_terminal() {
        tokio::select! {
            drawn = draw_again_and_again(app, &workers) => drawn?,
            pressed = ctrl_c() => pressed?,
        }
    } else {
        app.settled(CATCH_UP).await?;
        let text = draw(app, &workers, usize::MAX).await?;
        write!(anstream::stdout(), "{text}")?;
    }
    // Gives the work back at once, so that the next dashboard need not wait for leases to run out.
    workers.stop(STOP).await?;
    Ok(())
}

/// Draws each time over what was drawn before.
async fn draw_again_and_again(app: &App, workers: &Workers) -> Result<(), Failure> {
    // Its message is the dashboard: a bar is what draws in place.
    let screen = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())
        .with_style(ProgressStyle::with_template("{msg}")?)
        // What was drawn last stays.
        .with_finish(ProgressFinish::Abandon);
    let plain = AutoStream::choice(&io::stdout()) == ColorChoice::Never;
    loop {
        let text = draw(app, workers, ROWS).await?;
        screen.set_message(match plain {
            true => strip_str(&text).to_string(),
            false => text,
        });
        screen.tick();
        sleep(REFRESH).await;
    }
}

async fn draw(app: &App, workers: &Workers, rows: usize) -> Result<String, Failure> {
    let standing = standing(app, workers).await?;
    Ok(match Board::read(app).await? {
        Some(board) => format!("{standing}\n{}", board.draw(rows)?),
        None => format!("{standing}\n\nThe rows are built for the first time.\n"),
    })
}

/// How far the read models are behind the log: the one that is farthest behind counts.
async fn standing(app: &App, workers: &Workers) -> Result<String, StoreError> {
    let tables = app.store().tables().ok_or(StoreError::NoTables)?;
    let end = app.store().log_health().await?.end.get();
    let mut behind = 0;
    for (model, status) in workers.status() {
        if let Activity::Failing(error) = status.activity {
            return Ok(format!("`{model}` fails and tries again: {error}"));
        }
        // Another process may be the one that keeps it, so the store is asked.
        let progress = tables.progress(model).await?;
        if progress.is_some_and(|progress| progress.parked > 0) {
            return Ok(format!("`{model}` met an event that it cannot apply"));
        }
        let place = progress.and_then(|progress| progress.cursor.place());
        behind = behind.max(end.saturating_sub(place.map_or(0, |(_, at)| at.get())));
    }
    Ok(match behind {
        0 => "up to date with the log".to_owned(),
        events => format!("{} events behind the log", HumanCount(events)),
    })
}
