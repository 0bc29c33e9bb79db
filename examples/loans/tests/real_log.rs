//! The real log: every event accepted, every figure as published.
//!
//! The log lies beside the project, or `INTENT_REAL_LOG` names its file. Where it is missing, the test is left out and
//! says so. It fails instead when `INTENT_REAL_LOG` names no file, or when `INTENT_REQUIRE_REAL_LOG` is set.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where something is not as it should be"
)]

#[path = "support/mod.rs"]
#[allow(dead_code, reason = "the other tests use the rest of it")]
mod support;

use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
};

use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::Runtime;

use flate2::read::GzDecoder;
use intent_tests::postgres::TempDatabase;

use crate::support::{
    dashboard::dashboard_equals,
    loans::{Loans, figure},
    published::{APPLICATIONS, EVENTS, has_the_published_figures},
};

/// What is tested with the file of the log.
type Test = fn(&Path) -> Result<(), Failed>;

const TESTS: [(&str, Test); 2] = [
    ("the_real_log_has_the_published_figures", has_its_figures),
    (
        "the_dashboard_of_the_real_log_is_the_same_on_postgres",
        is_the_same_on_postgres,
    ),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let named = env::var_os("INTENT_REAL_LOG").map(PathBuf::from);
    let required = named.is_some() || env::var_os("INTENT_REQUIRE_REAL_LOG").is_some();
    let log = named.unwrap_or_else(beside_the_project);
    let left_out = !required && !log.is_file();
    // A list of the tests has nothing else in it.
    if left_out && !arguments.list {
        for (name, _) in TESTS {
            println!("left out: {name}: {}", missing(&log));
        }
    }
    let trials = TESTS.map(|(name, test)| {
        let log = log.clone();
        Trial::test(name, move || test(&log)).with_ignored_flag(left_out)
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn beside_the_project() -> PathBuf {
    // This package is two folders down in the project.
    let outside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3);
    outside.unwrap().join("shared/data/bpic2012.xes.gz")
}

fn missing(log: &Path) -> String {
    format!(
        "there is no {}; get the data set BPI Challenge 2012, doi:10.4121/uuid:3926db30-f712-4394-aebc-75976070e91f, \
         and name its file in INTENT_REAL_LOG",
        log.display()
    )
}

fn has_its_figures(log: &Path) -> Result<(), Failed> {
    let loans = Loans::new();
    import(&loans, log)?;
    has_the_published_figures(&loans);
    dashboard_equals(&loans, GzDecoder::new(File::open(log)?));
    Ok(())
}

fn is_the_same_on_postgres(log: &Path) -> Result<(), Failed> {
    let database = Runtime::new()?.block_on(TempDatabase::new());
    let loans = Loans::on(database.url());
    import(&loans, log)?;
    dashboard_equals(&loans, GzDecoder::new(File::open(log)?));
    Ok(())
}

fn import(loans: &Loans, log: &Path) -> Result<(), Failed> {
    if !log.is_file() {
        return Err(missing(log).into());
    }
    let log = log.canonicalize()?;
    let imported = loans.succeed(&["import", log.to_str().unwrap()]);
    assert_eq!(figure(&imported, "applications"), APPLICATIONS);
    assert_eq!(figure(&imported, "events stored"), EVENTS);
    assert_eq!(figure(&imported, "refused"), 0);
    Ok(())
}
