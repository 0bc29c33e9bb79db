//! Errors of a history, and of a command that would begin one.

use std::fmt;

use crate::{
    model::{aggregate::Aggregate, event::AggregateEvent, overflow::Overflow},
    record::{sentence, version::Version},
};

/// A history is broken: its first event does not create the aggregate, a later one does, or one overflows a field.
///
/// Handling: either the stored events or the list of creating events is wrong, so compare `created_by(..)` with the stream. A
/// field that overflows needs a larger type, or a decision that refuses earlier.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The first event is not a creating one.
    #[error(
        "a history of {aggregate} begins at version {version} with `{event}`, which creates none"
    )]
    NotCreated {
        /// [`Aggregate::TYPE`].
        aggregate: &'static str,
        /// Where the history begins.
        version: Version,
        /// The event's stored name.
        event: &'static str,
    },
    /// A later event is a creating one.
    #[error("a history of {aggregate} has the creating event `{event}` again at version {version}")]
    CreatedAgain {
        /// [`Aggregate::TYPE`].
        aggregate: &'static str,
        /// Which event it is.
        version: Version,
        /// The event's stored name.
        event: &'static str,
    },
    /// An event takes a field out of its range.
    #[error("{overflow} at version {version}")]
    Overflow {
        /// Which event it is.
        version: Version,
        /// The aggregate, the event and the field.
        overflow: Overflow,
    },
}

impl HistoryError {
    #[cold]
    pub(crate) fn overflow(version: Version, overflow: Overflow) -> Self {
        Self::Overflow { version, overflow }
    }

    pub(crate) fn not_created<A: Aggregate>(version: Version, event: &A::Event) -> Self {
        Self::NotCreated {
            aggregate: A::TYPE,
            version,
            event: event.name(),
        }
    }

    pub(crate) fn created_again<A: Aggregate>(version: Version, event: &A::Event) -> Self {
        Self::CreatedAgain {
            aggregate: A::TYPE,
            version,
            event: event.name(),
        }
    }
}

/// Why [`Aggregate::create`] failed.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum CreateError<E> {
    /// The domain refused.
    #[error(transparent)]
    Rejected(E),
    /// The command does not create: it needs an aggregate that exists, or emitted nothing.
    #[error("the command `{command}` creates no {aggregate}")]
    NotCreating {
        /// [`Aggregate::TYPE`].
        aggregate: &'static str,
        /// [`Command::NAME`](crate::Command::NAME).
        command: &'static str,
    },
    /// The events it emitted are not a history.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl<E: std::error::Error + 'static> fmt::Debug for CreateError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sentence::write(self, f)
    }
}

crate::record::sentence::debug!(HistoryError);
