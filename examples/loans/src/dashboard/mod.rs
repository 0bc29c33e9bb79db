//! `loans dashboard`: keeps the read models, and draws them. On a terminal it follows the log until Ctrl-C, elsewhere it prints
//! them once, when they have what is in the log.

mod board;

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use intent_runtime::{Activity, App, Cursor, ReadError, StoreError, Workers};
use tokio::{signal::ctrl_c, time::sleep};

use self::board::Board;
use crate::{
    Failure,
    domain::read_models::{Application, OfferWeek, OpenWork, StageCount},
};

const UP_TO_DATE: &str = "up to date with the log";
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
        wait_for_all(app).await?;
        let text = Board::read(app).await?.draw(usize::MAX)?;
        write!(anstream::stdout(), "{UP_TO_DATE}\n{text}")?;
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
        let text = draw(app, workers).await?;
        screen.set_message(match plain {
            true => strip_str(&text).to_string(),
            false => text,
        });
        screen.tick();
        sleep(REFRESH).await;
    }
}

async fn draw(app: &App, workers: &Workers) -> Result<String, Failure> {
    let standing = standing(app, workers).await?;
    match Board::read(app).await {
        Ok(board) => Ok(format!("{standing}\n{}", board.draw(ROWS)?)),
        Err(ReadError::NotBuilt { .. }) => Ok(format!(
            "{standing}\n\nThe rows are built for the first time.\n"
        )),
        Err(error) => Err(error.into()),
    }
}

/// Waits until all rows have what is in the log now. An event that cannot be applied is an error.
async fn wait_for_all(app: &App) -> Result<(), Failure> {
    let end = app.log_end().await?;
    app.wait_for::<Application>(end, CATCH_UP).await?;
    app.wait_for::<StageCount>(end, CATCH_UP).await?;
    app.wait_for::<OfferWeek>(end, CATCH_UP).await?;
    app.wait_for::<OpenWork>(end, CATCH_UP).await?;
    Ok(())
}

/// How far the read models are behind the log: the one that is farthest behind counts.
async fn standing(app: &App, workers: &Workers) -> Result<String, StoreError> {
    let position = |cursor: Cursor| cursor.place().map_or(0, |(_, at)| at.get());
    let end = position(app.log_end().await?);
    let mut behind = 0;
    for (model, status) in workers.status() {
        match status.activity {
            Activity::Failing(error) => {
                return Ok(format!("`{model}` fails and tries again: {error}"));
            }
            Activity::Waiting => return Ok(format!("`{model}` is kept by another process")),
            _ if status.parked > 0 => {
                return Ok(format!("`{model}` met an event that it cannot apply"));
            }
            _ => behind = behind.max(end.saturating_sub(position(status.cursor))),
        }
    }
    Ok(match behind {
        0 => UP_TO_DATE.to_owned(),
        events => format!("{} events behind the log", HumanCount(events)),
    })
}
