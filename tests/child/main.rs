//! A process that a test starts, to kill it or to have it to itself: `child WHAT ARGUMENT…`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool of the tests"
)]

#[path = "../store/appending.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod appending;
mod inline;
#[path = "../worker/inline/domain.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod inline_domain;
#[path = "../worker/projection/ledger.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod ledger;
mod lock;
#[path = "../lock/numbered.rs"]
mod numbered;
mod projection;
mod server;
mod spans;
mod sqlite;
#[path = "../worker/domain.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod worker;
mod workers;

use std::process::ExitCode;

use worker as domain;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["append", file] => sqlite::append(file).await,
        ["fill", file] => sqlite::fill(file).await,
        ["server", state] => server::run(state).await,
        ["check-lock", folder, aggregate] => return lock::check(folder, aggregate),
        ["spans"] => spans::print().await,
        ["workers", url] => workers::run(url).await,
        ["projection", url] => projection::run(url).await,
        ["inline", url, ref customers @ ..] => inline::run(url, customers).await,
        _ => panic!("what is this: {arguments:?}"),
    }
    ExitCode::SUCCESS
}
