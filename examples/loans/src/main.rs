//! A real log of loan applications on an event store: `loans import`, `loans dashboard`, `loans report`, `loans verify`.

mod case;
mod concurrently;
mod dashboard;
mod database;
mod domain;
mod import;
mod order;
mod progress;
mod report;
#[cfg(test)]
mod tests;
mod verify;
mod xes;

use std::{
    error::Error,
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::{
    Parser, Subcommand,
    builder::{RangedU64ValueParser, TypedValueParser},
};
use indicatif::HumanCount;
use intent_runtime::Timestamp;

use crate::{
    database::Database,
    import::Imported,
    progress::Progress,
    report::Figures,
    xes::{Log, Meter},
};

/// A dozen invented applications, for a start without the download.
const SAMPLE: &[u8] = include_bytes!("../sample.xes");

/// Loan applications on an event store.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where the events are kept.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "sqlite:loans.db"
    )]
    database: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends every event of a log as a command; run again, it goes on where it was interrupted.
    Import {
        /// An event log in XES, plain or gzip; a small invented one unless given.
        file: Option<PathBuf>,
        /// How many applications are imported at a time.
        #[arg(long, value_name = "N", default_value = "32", value_parser = tasks())]
        tasks: NonZeroUsize,
    },
    /// Draws the applications, the offers and the work that waits, and follows the log while an import runs.
    Dashboard,
    /// Counts what came of the applications.
    Report {
        /// The time to look back to, inclusive, such as 2011-12-31T23:59:59+01:00; the end unless given.
        #[arg(long, value_name = "TIME")]
        as_of: Option<Timestamp>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Loads every application from its events alone and from its snapshot, and compares.
    Verify,
}

/// More would be no faster, since all wait for one file, and the channel they take from has a largest size.
fn tasks() -> impl TypedValueParser<Value = NonZeroUsize> {
    RangedU64ValueParser::<usize>::new()
        .range(1..=1024)
        .try_map(NonZeroUsize::try_from)
}

type Failure = Box<dyn Error + Send + Sync>;
type Outcome = Result<ExitCode, Failure>;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let url = &options.database;
    let outcome = match options.command {
        Command::Import { file, tasks } => import(url, file.as_deref(), tasks).await,
        Command::Dashboard => dashboard(url).await,
        Command::Report { as_of, json } => report(url, as_of, json).await,
        Command::Verify => verify(url).await,
    };
    outcome.unwrap_or_else(|error| {
        complain(&*error);
        ExitCode::FAILURE
    })
}

async fn import(url: &str, file: Option<&Path>, tasks: NonZeroUsize) -> Outcome {
    let meter = Meter::default();
    let (log, bytes) = match file {
        Some(path) => (Log::open(path, &meter)?, path.metadata()?.len()),
        None => (
            Log::read("sample.xes".into(), SAMPLE, &meter)?,
            u64::try_from(SAMPLE.len())?,
        ),
    };
    let database = Database::create(url).await?;
    let progress = Progress::of(bytes, meter);
    let started = Instant::now();
    let imported = import::import(&database.app, log, tasks, &progress).await;
    progress.clear();
    let imported = imported?;
    let seconds = started.elapsed().as_secs_f64();
    database.app.close().await?;
    if !imported.is_nothing_but_broken() {
        summarise(&imported, seconds)?;
    }
    let sound = imported.refused.is_empty() && imported.broken.is_none();
    if let Some(first) = imported.refused.first() {
        complain(first);
    }
    if let Some(broken) = &imported.broken {
        complain(broken);
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn summarise(imported: &Imported, seconds: f64) -> Result<(), Failure> {
    let done = imported.done;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate is shown in whole events"
    )]
    let rate = done.stored as f64 / seconds;
    let mut out = anstream::stdout().lock();
    for (name, figure) in [
        ("applications", done.applications),
        ("events stored", done.stored),
        ("there already", done.before),
        ("refused", u64::try_from(imported.refused.len())?),
    ] {
        writeln!(out, "{name:<18}{:>14}", HumanCount(figure).to_string())?;
    }
    writeln!(
        out,
        "{:<18}{rate:>14.0} events a second, {seconds:.1} s",
        "speed"
    )?;
    Ok(())
}

async fn dashboard(url: &str) -> Outcome {
    let (database, _) = Database::open(url).await?;
    dashboard::show(&database.app).await?;
    database.app.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn report(url: &str, as_of: Option<Timestamp>, json: bool) -> Outcome {
    let (database, applications) = Database::open(url).await?;
    let figures = Figures::count(&database.app, applications, as_of).await?;
    let out = anstream::stdout().lock();
    if json {
        figures.write_json(out)?;
    } else {
        figures.write_table(out)?;
    }
    database.app.close().await?;
    Ok(ExitCode::SUCCESS)
}

async fn verify(url: &str) -> Outcome {
    let (database, applications) = Database::open(url).await?;
    let verdict = verify::verify(&database.app, applications).await?;
    let mut out = anstream::stdout().lock();
    for (name, figure) in [
        ("compared", verdict.compared),
        ("with a snapshot", verdict.with_snapshot),
        ("mismatches", u64::try_from(verdict.mismatches.len())?),
    ] {
        writeln!(out, "{name:<18}{:>14}", HumanCount(figure).to_string())?;
    }
    for number in &verdict.mismatches {
        writeln!(out, "  {number} differs")?;
    }
    database.app.close().await?;
    Ok(if verdict.mismatches.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints an error with all its causes, in one line.
fn complain(error: &dyn Error) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    anstream::eprintln!("loans: {text}");
}
