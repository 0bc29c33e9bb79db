//! What [`lock::check!`](macro@crate::lock::check) calls.

use std::path::Path;

use crate::{
    app::domain::Domain,
    schema::lock::{self, Mode},
};

/// [`lock::check!`](macro@crate::lock::check), in the mode of the environment.
///
/// # Panics
/// When the domain has mistakes or does not agree with its lock: it is an assertion in a test, as `assert_eq!` is.
#[track_caller]
#[allow(clippy::panic, reason = "an assertion reports a failure so")]
pub fn assert_recorded(folder: &str, domain: &Domain) {
    let checked = domain
        .check()
        .map_err(lock::Error::from)
        .and_then(|()| lock::check(domain.catalogue(), Path::new(folder), Mode::from_env()?));
    if let Err(error) = checked {
        panic!("{error:?}");
    }
}
