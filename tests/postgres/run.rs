//! Runs a command with a Postgres server for all of its tests: `postgres COMMAND ARGUMENT…`.

#![allow(clippy::panic, clippy::expect_used, reason = "a tool of the tests")]

use std::process::{Command, ExitCode};

use intent_tests::postgres::{Cluster, Options};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().expect("a command to run");
    let cluster = Cluster::start(Options::fast()).await;
    let mut command = Command::new(&program);
    command
        .args(arguments)
        .env("INTENT_TEST_POSTGRES", cluster.superuser_url());
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("{} does not run: {error}", program.display()));
    // A command that a signal ended has no code.
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    drop(cluster);
    ExitCode::from(code)
}
