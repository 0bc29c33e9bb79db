//! `intent.lock` records every shape that was ever stored, beside the domain's `Cargo.toml`. A test holds the code to it.
//!
//! The test is one line:
//!
//! ```no_run
//! # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
//! # use account::*;
//! # use intent_runtime::Domain;
//! intent_runtime::lock::check!(Domain::of::<Account>());
//! ```
//!
//! `INTENT_LOCK=update cargo test` records what is new; the file is committed with the change. From then on [`check!`]
//! fails, with the difference and the ways to mend it, when
//!
//! - the shape of a recorded version has changed, also in a value within an event,
//! - a recorded event can no longer be read: its name is gone, or a version of it,
//! - an aggregate lacks a recorded name in `formerly`, has another oldest name, or seems to be a recorded one under another
//!   name,
//! - an event is `readable_by(..)` older builds that cannot read it, by the recorded shape of their version,
//! - a note on a step names a field that the recorded version before does not have, or adds one that it has,
//! - notes on a step keep something unchanged that the next version surely cannot read,
//! - the columns, the key, the indexes or the mode of a read model have changed without a new version, or the events that change its rows have,
//! - a version, an event, an aggregate, a command or a read model is not recorded,
//! - a command or the state that snapshots keep has changed, or a command is gone,
//! - the file was edited or merged wrongly.
//!
//! An update never rewrites what is stored: it adds versions, and refuses while a recorded one has changed. Commands and
//! snapshots are not stored for good, so they may change. An update records them anew, and reviewers see the change.
//!
//! A shape is the JSON Schema with all values written out in their places, without doc comments, titles, defaults and
//! examples. The order of fields, variants and attributes does not count.
//!
//! One crate has one lock. A check covers the aggregates that it names and leaves the rest of the file alone. So several tests,
//! also in several processes, can check and update one lock together. Each aggregate belongs in one of them. An update is
//! refused where `CI` is set, because nobody would commit it.

mod change;
mod compare;
mod error;
mod file;
mod format;
pub(crate) mod keys;
mod names;
mod read_models;
mod readers;
mod reads;
mod remedy;
mod report;
mod steps;

pub use error::Error;
pub use report::Report;

use std::{env, path::Path};

use crate::schema::catalogue::Catalogue;
use compare::compare;
use file::LockFile;

/// Holds a [`Domain`](crate::Domain) to the `intent.lock` of the crate it stands in; see [the module](self).
///
/// ```no_run
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// # use intent_runtime::Domain;
/// // in a #[test]
/// intent_runtime::lock::check!(Domain::of::<Account>());
/// ```
///
/// # Panics
/// With the text of the [`Error`], at the caller's line.
pub use crate::__lock_check as check;

#[doc(hidden)]
#[macro_export]
macro_rules! __lock_check {
    ($domain:expr $(,)?) => {
        $crate::__private::assert_recorded(::core::env!("CARGO_MANIFEST_DIR"), &$domain)
    };
}

/// Whether a lock is only read or may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is written: what is not recorded is an error.
    Check,
    /// What is new is recorded.
    Update,
}

impl Mode {
    /// The mode that the environment asks for: an update with `INTENT_LOCK=update`.
    ///
    /// # Errors
    /// [`Error::Setting`] for another value of `INTENT_LOCK`, [`Error::InCi`] for an update where `CI` is set.
    pub fn from_env() -> Result<Self, Error> {
        let setting = |name| env::var_os(name).unwrap_or_default();
        let in_ci = !["", "0", "false"].iter().any(|off| setting("CI") == *off);
        match setting("INTENT_LOCK").to_string_lossy().as_ref() {
            "" => Ok(Self::Check),
            "update" if in_ci => Err(Error::InCi),
            "update" => Ok(Self::Update),
            other => Err(Error::Setting {
                value: other.to_owned(),
            }),
        }
    }
}

/// Holds a catalogue to the `intent.lock` in `folder`. This is [`check!`] as a function, for tools.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::{prelude::*, lock::{self, Mode}};
///
/// # let folder = std::env::temp_dir().join(intent_runtime::CommandId::new().to_string());
/// # std::fs::create_dir(&folder)?;
/// let domain = Domain::of::<Account>();
/// let catalogue = domain.catalogue();
/// assert!(matches!(lock::check(catalogue, &folder, Mode::Check), Err(lock::Error::Missing)));
/// lock::check(catalogue, &folder, Mode::Update)?;
/// lock::check(catalogue, &folder, Mode::Check)?;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Differs`] when the code and the lock do not agree, in [`Mode::Update`] only when a recorded shape would have
/// to be rewritten; nothing is written then. Another [`Error`] when the file cannot be read, trusted or written.
pub fn check(catalogue: &Catalogue, folder: &Path, mode: Mode) -> Result<(), Error> {
    let file = LockFile::in_folder(folder);
    match mode {
        Mode::Check => {
            let recorded = file.read()?.ok_or(Error::Missing)?;
            match compare(&recorded, catalogue) {
                report if report.is_empty() => Ok(()),
                report => Err(Error::Differs(Box::new(report))),
            }
        }
        Mode::Update => file.update(|recorded| {
            let report = compare(&recorded, catalogue);
            match report.can_be_recorded() {
                true => Ok(report.record(recorded)),
                false => Err(Error::Differs(Box::new(report.refused()))),
            }
        }),
    }
}
