//! What a worker is doing.

use std::fmt;

use serde::Serialize;

use crate::{record::cursor::Cursor, store::tables::builds::Build};

/// Which rows a worker keeps: one build of one version of a read model. In a text: `balances, version 2, build 1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct BuildName {
    /// The name of the model's table.
    pub model: String,
    /// The version of the model.
    pub version: u32,
    /// The number of the build in the version, from 1. A rebuild has the next one.
    pub build: u32,
}

impl BuildName {
    pub(crate) fn of(build: Build<'_>) -> Self {
        Self {
            model: build.table.name.to_owned(),
            version: build.table.version,
            build: build.number,
        }
    }
}

impl fmt::Display for BuildName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            model,
            version,
            build,
        } = self;
        write!(f, "{model}, version {version}, build {build}")
    }
}

/// What a worker of this process is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStatus {
    /// What it is doing.
    pub activity: Activity,
    /// Up to where its rows are written.
    pub cursor: Cursor,
    /// How many tenants it holds back.
    pub parked: u64,
    /// How often its lease had changed hands when it was given to it last.
    pub(crate) epoch: Option<i64>,
}

/// See [`WorkerStatus`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity {
    /// It begins, or another process does the work.
    Waiting,
    /// It stands still, since an operator asked for that.
    Paused,
    /// It makes rows that are not read yet.
    Building,
    /// It is behind the log.
    CatchingUp,
    /// It has what is in the log.
    Live,
    /// It failed and tries again: the error.
    Failing(String),
    /// It was stopped.
    Stopped,
}

impl WorkerStatus {
    pub(crate) const fn new() -> Self {
        Self {
            activity: Activity::Waiting,
            cursor: Cursor::START,
            parked: 0,
            epoch: None,
        }
    }
}
