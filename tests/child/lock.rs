//! Checks one of many aggregates against a lock, in the mode of the environment.

use std::process::ExitCode;

use intent_runtime::lock::{self, Mode};

use crate::numbered::numbered;

pub fn check(folder: &str, aggregate: &str) -> ExitCode {
    let catalogue = numbered(aggregate.parse().unwrap());
    let checked = Mode::from_env().and_then(|mode| lock::check(&catalogue, folder.as_ref(), mode));
    match checked {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("{error}");
            ExitCode::FAILURE
        }
    }
}
