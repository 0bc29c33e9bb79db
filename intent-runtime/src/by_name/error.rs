//! [`ByNameError`]: why something that was asked for by name was not done.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::{
    dispatch::error::{LoadError, SendError},
    model::any_command::AnyRefusal,
    record::sentence,
};

/// Why something that was asked for by name was not done.
///
/// It serializes as a JSON object. `kind` is [`kind`](Self::kind), `message` its sentence, and `causes` a list of sentences. If
/// there is one, it also has `path`, `nearest`, or `refusal`, which is the domain's own error.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ByNameError {
    /// The domain has nothing of this name. Handling: use the nearest name, or one of the catalogue.
    #[error(fmt = unknown)]
    Unknown {
        /// What was looked for.
        what: Named,
        /// The name that was asked for.
        name: String,
        /// The nearest name that exists.
        nearest: Option<&'static str>,
    },
    /// The JSON does not fit the command. Handling: correct the part that `path` names.
    #[error("the JSON of `{command}` to {aggregate} does not fit{}", at(path))]
    InvalidJson {
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// [`Command::NAME`](crate::Command::NAME).
        command: &'static str,
        /// Where in the JSON: `amount.cents`, `lines[2].price`; empty for all of it.
        path: String,
        /// What serde said.
        source: serde_json::Error,
    },
    /// The aggregate cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The command had no effect.
    #[error(transparent)]
    Send(#[from] SendError<AnyRefusal>),
}

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Named {
    /// An aggregate.
    Aggregate,
    /// A command of the aggregate with this name.
    AggregateCommand(&'static str),
}

fn unknown(
    what: &Named,
    name: &str,
    nearest: &Option<&'static str>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match what {
        Named::Aggregate => write!(f, "the domain has no aggregate `{name}`")?,
        Named::AggregateCommand(aggregate) => write!(f, "{aggregate} has no command `{name}`")?,
    }
    match nearest {
        Some(nearest) => write!(f, ": did you mean `{nearest}`?"),
        None => Ok(()),
    }
}

fn at(path: &str) -> String {
    match path {
        "" => String::new(),
        path => format!(" at `{path}`"),
    }
}

crate::record::sentence::debug!(ByNameError);

impl ByNameError {
    /// One word for the error, for programs: the name of the variant in lower case with underscores. For [`Load`](Self::Load)
    /// and [`Send`](Self::Send) it is the name of the inner error, such as `rejected`, `not_found` or `conflict`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown",
            Self::InvalidJson { .. } => "invalid_json",
            Self::Load(error) => of_load(error),
            Self::Send(error) => of_send(error),
        }
    }
}

fn of_load(error: &LoadError) -> &'static str {
    match error {
        LoadError::NotFound { .. } => "not_found",
        LoadError::NoSuchVersion { .. } => "no_such_version",
        LoadError::Decode { .. } => "decode",
        LoadError::History { .. } => "history",
        LoadError::Encode { .. } => "encode",
        LoadError::NotRegistered { .. } => "not_registered",
        LoadError::Store(_) => "store",
    }
}

fn of_send(error: &SendError<AnyRefusal>) -> &'static str {
    match error {
        SendError::Rejected(_) => "rejected",
        SendError::NotFound { .. } => "not_found",
        SendError::AlreadyExists { .. } => "already_exists",
        SendError::Conflict { .. } => "conflict",
        SendError::CommandIdReused { .. } => "command_id_reused",
        SendError::Decision { .. } => "decision",
        SendError::Encode { .. } => "encode",
        SendError::NotReadBack { .. } => "not_read_back",
        SendError::Taken { .. } => "taken",
        SendError::Row { .. } => "row",
        SendError::Load(error) => of_load(error),
        SendError::Forbidden { .. } => "forbidden",
        SendError::NotRegistered { .. } => "not_registered",
        SendError::Store(_) => "store",
    }
}

impl Serialize for ByNameError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let part = match self {
            Self::Send(error) => return error.serialize(serializer),
            Self::Unknown { nearest, .. } => nearest.map(|nearest| ("nearest", nearest)),
            Self::InvalidJson { path, .. } => Some(("path", path.as_str())),
            Self::Load(_) => None,
        };
        write(self.kind(), self, part, serializer)
    }
}

/// As that of a [`ByNameError`].
impl Serialize for SendError<AnyRefusal> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let refusal = match self {
            Self::Rejected(refusal) => refusal.json(),
            _ => None,
        };
        let part = refusal.map(|refusal| ("refusal", refusal));
        write(of_send(self), self, part, serializer)
    }
}

/// Writes an error, with the one part that it has for programs besides its kind and its sentences.
fn write<S: Serializer>(
    kind: &str,
    error: &dyn Error,
    part: Option<(&str, &(impl Serialize + ?Sized))>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("kind", kind)?;
    map.serialize_entry("message", &error.to_string())?;
    map.serialize_entry("causes", &sentence::causes(error))?;
    if let Some((name, part)) = part {
        map.serialize_entry(name, part)?;
    }
    map.end()
}
