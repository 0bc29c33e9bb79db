//! Commands that are sent again: they get the receipt of the first sending. And appends whose outcome is unknown: they are sent
//! again to learn it.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    dispatch::{
        attempt::Sending,
        error::{Reused, SendError},
        options::Receipt,
        wait_before,
    },
    model::aggregate::Aggregate,
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        stream::StreamId,
        version::{Position, Version},
    },
    store::{
        append::{Append, Appended},
        error::{StoreError, StoreErrorKind},
        port::Streams,
    },
};

/// How long an append of unknown outcome is repeated before the caller gets the error. A server has restarted by then.
const RESOLVE_FOR: Duration = Duration::from_secs(10);

impl<A: Aggregate, E: std::error::Error + 'static> Sending<'_, A, E> {
    /// The receipt of a command that stored nothing.
    pub(super) fn receipt(&self) -> Receipt<A> {
        Receipt {
            id: self.head.target,
            version: Version::NONE,
            events: Vec::new(),
            cursor: None,
            recorded_at: None,
            command_id: self.context.command_id(),
            repeated: false,
        }
    }

    /// The receipt of an earlier sending under the same command id, if that was of the same command.
    pub(super) fn receipt_of(
        &self,
        stored: Vec<RecordedEvent>,
    ) -> Result<Receipt<A>, SendError<E>> {
        let fingerprint = self.fingerprint()?;
        let mut receipt = Receipt {
            events: Vec::with_capacity(stored.len()),
            repeated: true,
            ..self.receipt()
        };
        for event in stored {
            if event.aggregate_id != self.stream.aggregate_id || !event.is_of::<A>() {
                return Err(self.reused_for(event.stream()));
            }
            // The events of a command that was first sent without an id have no fingerprint.
            let metadata = event.metadata().map_err(StoreError::from)?;
            let first = metadata.fingerprint.as_ref();
            if first
                .zip(fingerprint.as_ref())
                .is_some_and(|(first, now)| first != now)
            {
                return Err(SendError::CommandIdReused {
                    command_id: receipt.command_id,
                    used_for: self.stream.clone(),
                    reused: Reused::Content,
                });
            }
            receipt.version = event.version;
            receipt.cursor = Some(self.cursor(event.position));
            receipt.recorded_at = Some(event.recorded_at);
            let events = event.typed::<A>().map_err(SendError::Load)?;
            receipt.events.extend(events);
        }
        Ok(receipt)
    }

    /// Where a reader stands that has read the event at a position.
    pub(super) fn cursor(&self, position: Position) -> Cursor {
        Cursor::after(self.streams.store_id(), position)
    }

    pub(super) fn reused_for(&self, used_for: StreamId) -> SendError<E> {
        SendError::CommandIdReused {
            command_id: self.context.command_id(),
            used_for,
            reused: Reused::Target,
        }
    }
}

/// Finds out how an append of unknown outcome ended: appends again under the same id and version. A read would not do, because it
/// could miss a commit in flight. After a temporary error the outcome is still unknown, and the caller must not believe that
/// nothing was written. Meanwhile the gate of an aggregate stays closed, since the next command would fail in the same way.
pub(crate) async fn resolve(
    streams: &dyn Streams,
    mut unknown: StoreError,
    again: impl Fn() -> Option<Append>,
) -> Result<Appended, StoreError> {
    let deadline = Instant::now() + RESOLVE_FOR;
    for tries in 0.. {
        wait_before(tries).await;
        if Instant::now() >= deadline {
            break;
        }
        let Some(append) = again() else {
            break;
        };
        let (command_id, stream) = (append.command_id, append.stream.clone());
        let Ok(appended) = timeout_at(deadline, streams.append(append)).await else {
            break;
        };
        let error = match appended {
            Err(error @ StoreError::UnknownOutcome { .. }) => {
                unknown = error;
                continue;
            }
            Ok(_) | Err(StoreError::Conflict { .. } | StoreError::CommandIdReused { .. }) => {
                return appended;
            }
            Err(error) => error,
        };
        let passes = error.kind() == StoreErrorKind::Transient;
        unknown = StoreError::UnknownOutcome {
            command_id,
            stream,
            source: Box::new(error),
        };
        if !passes {
            break;
        }
    }
    Err(unknown)
}
