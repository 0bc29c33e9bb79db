//! Errors of the front door: one lower-case sentence each, with the cause kept as [`source`](std::error::Error::source).

use std::fmt;

use crate::{
    dispatch::{actor::Actor, as_of::AsOf},
    model::{history::HistoryError, read_model::inline::RowError, upcast::DecodeError},
    record::{bounded_json::TooLong, id::CommandId, sentence, stream::StreamId, version::Version},
    store::{append::Append, error::StoreError, invalid::InvalidAppend},
};

/// Why a command had no effect. `E` is the domain's own error.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SendError<E> {
    /// The domain refused. Handling: tell the user.
    #[error(transparent)]
    Rejected(E),
    /// The aggregate does not exist. Handling: create it first.
    #[error("{stream} does not exist")]
    NotFound {
        /// Which one.
        stream: StreamId,
    },
    /// The aggregate exists, and the command creates it. Handling: use another id, or a command that continues.
    #[error("{stream} exists already")]
    AlreadyExists {
        /// Which one.
        stream: StreamId,
    },
    /// Others changed the aggregate at the same time, after all retries; or it is not at the version that
    /// [`SendOptions::expect_version`](crate::SendOptions::expect_version) named. Handling: look again, decide again.
    #[error("{stream} is at version {actual}, the command expected version {expected}")]
    Conflict {
        /// Which aggregate.
        stream: StreamId,
        /// The version that was expected.
        expected: Version,
        /// The version found.
        actual: Version,
    },
    /// The command id was used before, for another aggregate or another command. Handling: give every command an id of
    /// its own.
    #[error("command id {command_id} was used before, for {reused}{used_for}")]
    CommandIdReused {
        /// The id.
        command_id: CommandId,
        /// The aggregate it was used for.
        used_for: StreamId,
        /// What differs between the two commands.
        reused: Reused,
    },
    /// The decision's events would break the stream's history; nothing was written. Handling: fix the decision.
    #[error("the decision on `{command}` for {stream} cannot be stored")]
    Decision {
        /// [`Command::NAME`](crate::Command::NAME).
        command: &'static str,
        /// Which aggregate.
        stream: StreamId,
        /// What is wrong with its events.
        source: HistoryError,
    },
    /// An event or the state could not be written as JSON; nothing was stored. Handling: fix its `Serialize`.
    #[error("`{what}` of {stream} cannot be written as JSON")]
    Encode {
        /// Which aggregate.
        stream: StreamId,
        /// The event's name, or `snapshot`.
        what: &'static str,
        /// What serde said.
        source: serde_json::Error,
    },
    /// An event does not survive a JSON round trip; nothing was stored. Handling: emit values that JSON keeps (it has no NaN,
    /// and reads `Some(None)` as `None`), or correct the serde attributes.
    #[error(
        "`{event}` of {stream} is not stored, because it does not survive a JSON round trip: emit values that JSON keeps, or fix its serde attributes"
    )]
    NotReadBack {
        /// Which aggregate.
        stream: StreamId,
        /// The event's stored name.
        event: &'static str,
        /// Why it cannot be read; `None` if it can and is not equal to what was emitted.
        source: Option<Box<DecodeError>>,
    },
    /// A row of an inline read model would have a value that another row of the tenant has, in a `#[unique]` field. Nothing was
    /// stored. Handling: tell the user.
    #[error("the `{field}` is taken: another row of `{model}` has the same")]
    Taken {
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        model: &'static str,
        /// The field.
        field: &'static str,
    },
    /// An event cannot be applied to the aggregate's row in an inline read model; nothing was stored. Handling: as the cause says.
    #[error("the row of {stream} in `{model}` cannot be written")]
    Row {
        /// Which aggregate.
        stream: StreamId,
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        model: &'static str,
        /// Why not.
        source: Box<RowError>,
    },
    /// The aggregate could not be loaded.
    #[error(transparent)]
    Load(LoadError),
    /// None of the actor's roles may send the command. Nothing was looked up. Handling: tell the user.
    #[error(fmt = forbidden)]
    Forbidden {
        /// [`Command::NAME`](crate::Command::NAME).
        command: &'static str,
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// The actor, with its roles.
        actor: Actor,
        /// The roles that may send it.
        allowed: &'static [&'static str],
    },
    /// The domain does not have the command. Handling: add `.aggregate::<A>()`, or `.command::<C>()` for a command written by
    /// hand.
    #[error(
        "the command `{command}` of {aggregate} is not in the domain: add `.{missing}` where the domain is put together"
    )]
    NotRegistered {
        /// [`Command::NAME`](crate::Command::NAME).
        command: &'static str,
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// The call that adds it, such as `aggregate::<Account>()`.
        missing: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E> SendError<E> {
    /// Maps the refusal and keeps every other error, for example to turn the `SendError<Infallible>` of a command that cannot be
    /// refused into the `SendError<Refused>` of one that can.
    ///
    /// ```
    /// use intent_runtime::SendError;
    /// use std::convert::Infallible;
    ///
    /// fn as_any(error: SendError<Infallible>) -> SendError<std::fmt::Error> {
    ///     error.map_rejected(|never| match never {})
    /// }
    /// ```
    pub fn map_rejected<F>(self, map: impl FnOnce(E) -> F) -> SendError<F> {
        macro_rules! mapped {
            ($($unchanged:ident { $($field:ident),+ },)+) => {
                match self {
                    Self::Rejected(refusal) => SendError::Rejected(map(refusal)),
                    Self::Load(error) => SendError::Load(error),
                    Self::Store(error) => SendError::Store(error),
                    $(Self::$unchanged { $($field),+ } => SendError::$unchanged { $($field),+ },)+
                }
            };
        }
        mapped! {
            NotFound { stream },
            AlreadyExists { stream },
            Conflict { stream, expected, actual },
            CommandIdReused { command_id, used_for, reused },
            Decision { command, stream, source },
            Encode { stream, what, source },
            NotReadBack { stream, event, source },
            Taken { model, field },
            Row { stream, model, source },
            Forbidden { command, aggregate, actor, allowed },
            NotRegistered { command, aggregate, missing },
        }
    }
}

impl<E> From<LoadError> for SendError<E> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => Self::Store(error),
            error => Self::Load(error),
        }
    }
}

/// What differs between a command and the first one that was sent under its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reused {
    /// It is for another aggregate.
    Target,
    /// It is for the same aggregate, and is another command or has other content.
    Content,
}

impl fmt::Display for Reused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "",
            Self::Content => "another command to ",
        })
    }
}

/// Why an aggregate or its history cannot be loaded.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// It does not exist, or did not exist yet at the version or the time asked for.
    #[error(fmt = not_found)]
    NotFound {
        /// Which one.
        stream: StreamId,
        /// The moment asked for, if the aggregate exists and was created after it.
        as_of: Option<AsOf>,
    },
    /// It never had that version.
    #[error("{stream} has no version {version}, its last one is {last}")]
    NoSuchVersion {
        /// Which one.
        stream: StreamId,
        /// The version asked for.
        version: Version,
        /// The last version there is.
        last: Version,
    },
    /// A stored event cannot be read. Handling: see [`DecodeError`].
    #[error(
        "`{event}` in schema version {schema_version}, event {version} of {stream}, cannot be read"
    )]
    Decode {
        /// Which aggregate.
        stream: StreamId,
        /// Which event of it.
        version: Version,
        /// The event's stored name.
        event: String,
        /// The version of its shape.
        schema_version: u32,
        /// Why not.
        source: Box<DecodeError>,
    },
    /// The stored history breaks a rule.
    #[error("{stream} has a broken history")]
    History {
        /// Which aggregate.
        stream: StreamId,
        /// Which rule.
        source: HistoryError,
    },
    /// A snapshot could not be written as JSON. Handling: fix the state's `Serialize`.
    #[error("the state of {stream} cannot be written as JSON")]
    Encode {
        /// Which aggregate.
        stream: StreamId,
        /// What serde said.
        source: serde_json::Error,
    },
    /// The domain does not have the aggregate. Handling: add `.aggregate::<A>()`.
    #[error(
        "the aggregate {aggregate} is not in the domain: add `.{missing}` where the domain is put together"
    )]
    NotRegistered {
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// The call that adds it, such as `aggregate::<Account>()`.
        missing: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LoadError {
    /// An aggregate that does not exist at all.
    pub(crate) fn not_found(stream: StreamId) -> Self {
        Self::NotFound {
            stream,
            as_of: None,
        }
    }

    /// Why a snapshot cannot be kept.
    pub(crate) fn of_snapshot(stream: &StreamId, error: serde_json::Error) -> Self {
        let stream = stream.clone();
        match TooLong::of(error) {
            Ok(TooLong { bytes }) => Self::Store(StoreError::Invalid {
                stream,
                source: InvalidAppend::too_large("the snapshot", bytes, Append::MAX_PAYLOAD),
            }),
            Err(source) => Self::Encode { stream, source },
        }
    }
}

fn not_found(stream: &StreamId, as_of: &Option<AsOf>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match as_of {
        Some(moment) => write!(f, "{stream} did not exist yet at {moment}"),
        None => write!(f, "{stream} does not exist"),
    }
}

fn forbidden(
    command: &&'static str,
    aggregate: &&'static str,
    actor: &Actor,
    allowed: &&'static [&'static str],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let name = actor.name();
    write!(f, "{name} may not send `{command}` to {aggregate}: ")?;
    actor.write_roles(f)?;
    write!(f, ", and the command needs `{}`", allowed.join("` or `"))
}

impl<E: std::error::Error + 'static> fmt::Debug for SendError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sentence::write(self, f)
    }
}

crate::record::sentence::debug!(LoadError);
