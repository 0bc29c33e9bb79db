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
    path::{Path, PathBuf},
    process::ExitCode,
};

use libtest_mimic::{Arguments, Failed, Trial};

use crate::support::{
    loans::{Loans, figure},
    published::{APPLICATIONS, EVENTS, has_the_published_figures},
};

const NAME: &str = "the_real_log_has_the_published_figures";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let named = env::var_os("INTENT_REAL_LOG").map(PathBuf::from);
    let required = named.is_some() || env::var_os("INTENT_REQUIRE_REAL_LOG").is_some();
    let log = named.unwrap_or_else(beside_the_project);
    let left_out = !required && !log.is_file();
    // A list of the tests has nothing else in it.
    if left_out && !arguments.list {
        println!("left out: {NAME}: {}", missing(&log));
    }
    let trial = Trial::test(NAME, move || has_its_figures(&log)).with_ignored_flag(left_out);
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
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
    if !log.is_file() {
        return Err(missing(log).into());
    }
    let loans = Loans::new();
    let log = log.canonicalize()?;
    let imported = loans.succeed(&["import", log.to_str().unwrap()]);
    assert_eq!(figure(&imported, "applications"), APPLICATIONS);
    assert_eq!(figure(&imported, "events stored"), EVENTS);
    assert_eq!(figure(&imported, "refused"), 0);
    has_the_published_figures(&loans);
    Ok(())
}
