//! Why a lock cannot be checked or updated.

use std::{io, path::PathBuf};

use crate::{
    record::sentence,
    schema::{catalogue::mistake::DomainError, lock::report::Report},
};

/// Why the code and its `intent.lock` do not agree, or cannot be compared.
///
/// Handling: a person reads it; each text says what to do. Nothing was written.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder has no lock.
    #[error(
        "there is no `intent.lock` beside `Cargo.toml` yet: `INTENT_LOCK=update cargo test` writes it, to be committed"
    )]
    Missing,
    /// The code stores or reads something else than the lock records.
    #[error("{0}")]
    Differs(Box<Report>),
    /// A merge was not finished.
    #[error(
        "`intent.lock` has a conflict of a merge at line {line}: keep the blocks of both sides, but where both record the \
         same version of an event, keep one, make the other the next version in the code and leave its block out; then \
         `INTENT_LOCK=update cargo test`"
    )]
    Conflict {
        /// The line of the marker, from 1.
        line: usize,
    },
    /// Two blocks record different shapes of one thing.
    #[error(
        "`intent.lock` records {what} twice, at lines {first} and {second}, and not alike, as when two branches each made \
         it: keep the block of the branch that was deployed, delete the other, and make that change the next version in the \
         code; then `INTENT_LOCK=update cargo test`"
    )]
    TwoShapes {
        /// What they record.
        what: String,
        /// The line of the first block, from 1.
        first: usize,
        /// The line of the second block, from 1.
        second: usize,
    },
    /// The file has the same block twice.
    #[error(
        "`intent.lock` has the same block for {what} twice, at lines {first} and {second}: delete one of them"
    )]
    Repeated {
        /// What they record.
        what: String,
        /// The line of the first block, from 1.
        first: usize,
        /// The line of the second block, from 1.
        second: usize,
    },
    /// A block was edited, or merged from two.
    #[error(
        "the block for {what} at line {line} of `intent.lock` was edited, or merged from two: its checksum does not fit. \
         Bring back the block as it was committed, `git log -p intent.lock` shows it"
    )]
    Altered {
        /// What it records.
        what: String,
        /// The line of the block, from 1.
        line: usize,
    },
    /// A line that no lock has.
    #[error(
        "`intent.lock` cannot be read at line {line}, `{text}`: bring the file back as it was committed, \
         `git log -p intent.lock` shows it"
    )]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The end of the file is missing.
    #[error(
        "`intent.lock` is cut off: bring it back as it was committed, `git checkout intent.lock`"
    )]
    CutOff,
    /// A newer release wrote it.
    #[error(
        "`intent.lock` has format {format}, this release of intent-runtime reads format 1: update intent-runtime"
    )]
    Newer {
        /// The format of the file.
        format: String,
    },
    /// `INTENT_LOCK` has an unknown value.
    #[error("`INTENT_LOCK` is `{value}`: the only value it can have is `update`")]
    Setting {
        /// The value.
        value: String,
    },
    /// An update was asked for in CI, where nobody would commit it.
    #[error(
        "`INTENT_LOCK=update` is set and so is `CI`: run it where the file can be committed, or unset `CI` if that is here"
    )]
    InCi,
    /// The domain has mistakes.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// Another update holds the file, or was killed.
    #[error(
        "{} has been in the way for 10 seconds: it belongs to another update of `intent.lock`; if none is running, delete it",
        path.display()
    )]
    Busy {
        /// The file that only one update can have.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The lock.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

sentence::debug!(Error);
