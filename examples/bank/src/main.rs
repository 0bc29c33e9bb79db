//! The demonstration: `cargo run`, or `cargo run -- --database sqlite:bank.db` to keep the file.

mod demo;
mod domain;
mod narrator;

use std::{error::Error, process::ExitCode};

use clap::Parser;

/// A bank on an event store, step by step.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where the events are kept: `sqlite:FILE`, `memory:` or (feature `postgres`) `postgres://HOST/DATABASE`; a temporary file unless given.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("bank: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    // The folder is deleted when it goes out of scope.
    let folder = tempfile::tempdir()?;
    let database = match options.database {
        Some(url) => url,
        None => format!("sqlite:{}", folder.path().join("bank.db").display()),
    };
    demo::run(&database).await
}

/// An error with all its causes, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
