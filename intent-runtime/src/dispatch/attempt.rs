//! One attempt at a command: decide on the state, append at the version that the decision saw.

use std::borrow::Cow;

use serde_json::value::{RawValue, to_raw_value};

use super::{
    Receipt, Refusal, SendOptions,
    cache::Passage,
    load::{Folded, catch_up, decode_recorded, load_to},
    wait_before,
};
use crate::{
    Aggregate, AggregateEvent, Command, CommandId, Context, CorrelationId, Decide, Decision,
    EventId, Expect, Id, LoadError, Metadata, NewEvent, NewSnapshot, RecordedEvent, SendError,
    Store, StoreError, StreamId, TenantId, Version,
    aggregate::fold_next,
    store::{Append, Appended},
};

/// How often an append of unknown outcome is resolved by appending again before the caller is told.
const RESOLVE_TRIES: u32 = 5;

/// One command, with what all its attempts share.
pub(super) struct Sending<'a, C: Command> {
    store: &'a dyn Store,
    id: Id<C::Aggregate>,
    stream: StreamId,
    command: C,
    options: SendOptions,
    context: Context,
    metadata: Box<RawValue>,
}

/// How an attempt ended, unless it failed.
pub(super) enum Attempt<C: Command> {
    Done(Receipt<C::Aggregate>),
    /// Somebody else appended meanwhile; the error is for when there are no retries left.
    Conflict(SendError<Refusal<C>>),
}

/// What the decision on a state is.
enum Verdict<C: Command> {
    Emit(Vec<<C::Aggregate as Aggregate>::Event>),
    Nothing,
    Refuse(SendError<Refusal<C>>),
}

impl<'a, C: Command> Sending<'a, C> {
    pub(super) fn new(
        store: &'a dyn Store,
        tenant: TenantId,
        command: C,
        options: SendOptions,
    ) -> Result<Self, SendError<Refusal<C>>> {
        let id = command.target();
        let stream = StreamId::of(tenant, id);
        let command_id = options.command_id.unwrap_or_else(CommandId::new);
        let context = Context::of(command_id, tenant, options.metadata.clone());
        let metadata =
            to_raw_value(&stored_metadata(&context)).map_err(|source| SendError::Encode {
                stream: stream.clone(),
                what: "metadata",
                source,
            })?;
        Ok(Self {
            store,
            id,
            stream,
            command,
            options,
            context,
            metadata,
        })
    }

    pub(super) fn stream(&self) -> &StreamId {
        &self.stream
    }

    pub(super) async fn attempt(
        &self,
        passage: &mut Passage<'_>,
    ) -> Result<Attempt<C>, SendError<Refusal<C>>> {
        let kept = passage.take::<C::Aggregate>();
        let mut newest = kept.is_none();
        let mut folded = match kept {
            Some(folded) => folded,
            None => load_to(self.store, &self.stream, Version::MAX)
                .await
                .map_err(load_error)?,
        };
        loop {
            let verdict = match self.decide(&folded) {
                Verdict::Emit(events) => return self.emit(passage, folded, events).await,
                verdict => verdict,
            };
            if newest {
                let version = folded.version;
                passage.put(folded);
                return self
                    .without_events(verdict, version)
                    .await
                    .map(Attempt::Done);
            }
            // Only the newest state may turn a command away: another process may have appended since it was kept.
            let decided_on = folded.version;
            folded = catch_up(self.store, &self.stream, folded)
                .await
                .map_err(load_error)?;
            newest = folded.version == decided_on;
        }
    }

    fn decide(&self, folded: &Folded<C::Aggregate>) -> Verdict<C> {
        if let Some(expected) = self.options.expect_version
            && expected != folded.version
        {
            return Verdict::Refuse(self.conflict(expected, folded.version));
        }
        self.context.begin_attempt();
        let stream = || self.stream.clone();
        match C::Aggregate::decide(folded.state.as_ref(), self.command.clone(), &self.context) {
            Ok(Decision::Events(events)) if events.is_empty() => Verdict::Nothing,
            Ok(Decision::Events(events)) => Verdict::Emit(events),
            Ok(Decision::NotFound) => Verdict::Refuse(SendError::NotFound { stream: stream() }),
            Ok(Decision::AlreadyExists) => {
                Verdict::Refuse(SendError::AlreadyExists { stream: stream() })
            }
            Err(refusal) => Verdict::Refuse(SendError::Rejected(refusal)),
        }
    }

    /// Answers a command that emits nothing now; sent before under the same id, it may have emitted then.
    async fn without_events(
        &self,
        verdict: Verdict<C>,
        version: Version,
    ) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
        if let Some(command_id) = self.options.command_id {
            let before = self
                .store
                .events_of_command(self.stream.tenant_id, command_id);
            let before = before.await.map_err(SendError::Store)?;
            if !before.is_empty() {
                return self.receipt_of(before);
            }
        }
        match verdict {
            Verdict::Refuse(error) => Err(error),
            Verdict::Emit(_) | Verdict::Nothing => Ok(Receipt {
                id: self.id,
                version,
                events: Vec::new(),
                position: None,
                recorded_at: None,
                command_id: self.context.command_id(),
                repeated: false,
            }),
        }
    }

    async fn emit(
        &self,
        passage: &mut Passage<'_>,
        mut folded: Folded<C::Aggregate>,
        events: Vec<<C::Aggregate as Aggregate>::Event>,
    ) -> Result<Attempt<C>, SendError<Refusal<C>>> {
        let expected = folded.version;
        self.fold(&mut folded, &events)?;
        let snapshot = self.snapshot_if_due(expected, &folded)?;
        let mut tries = 0;
        loop {
            let append = self.append(expected, &events, snapshot.clone())?;
            let bytes = append.bytes();
            match self.store.append(append).await {
                Ok(Appended::Stored {
                    version,
                    position,
                    recorded_at,
                }) => {
                    folded.bytes += bytes;
                    passage.put(folded);
                    return Ok(Attempt::Done(Receipt {
                        id: self.id,
                        version,
                        events,
                        position: Some(position),
                        recorded_at: Some(recorded_at),
                        command_id: self.context.command_id(),
                        repeated: false,
                    }));
                }
                Ok(Appended::Before(stored)) => return self.receipt_of(stored).map(Attempt::Done),
                Err(StoreError::Conflict { actual, .. }) => {
                    return Ok(Attempt::Conflict(self.conflict(expected, actual)));
                }
                Err(StoreError::CommandIdReused {
                    command_id,
                    used_for,
                }) => {
                    return Err(SendError::CommandIdReused {
                        command_id,
                        used_for,
                    });
                }
                // Only appending again under the same id and version tells: a read could miss a commit in flight.
                Err(StoreError::UnknownOutcome { .. }) if tries < RESOLVE_TRIES => {
                    wait_before(tries).await;
                    tries += 1;
                }
                Err(error) => return Err(SendError::Store(error)),
            }
        }
    }

    fn fold(
        &self,
        folded: &mut Folded<C::Aggregate>,
        events: &[<C::Aggregate as Aggregate>::Event],
    ) -> Result<(), SendError<Refusal<C>>> {
        for event in events {
            let version = folded.version.next();
            fold_next(&mut folded.state, self.id, version, event).map_err(|source| {
                SendError::Decision {
                    command: C::NAME,
                    stream: self.stream.clone(),
                    source,
                }
            })?;
            folded.version = version;
        }
        Ok(())
    }

    fn snapshot_if_due(
        &self,
        before: Version,
        folded: &Folded<C::Aggregate>,
    ) -> Result<Option<NewSnapshot>, SendError<Refusal<C>>> {
        let Some(codec) =
            C::Aggregate::snapshots().filter(|codec| codec.is_due(before, folded.version))
        else {
            return Ok(None);
        };
        let snapshot = folded
            .state
            .as_ref()
            .map(|state| codec.encode(state, folded.version));
        snapshot
            .transpose()
            .map_err(|source| self.encode_error("snapshot", source))
    }

    fn append(
        &self,
        expected: Version,
        events: &[<C::Aggregate as Aggregate>::Event],
        snapshot: Option<NewSnapshot>,
    ) -> Result<Append, SendError<Refusal<C>>> {
        let command_id = self.context.command_id();
        let mut new_events = Vec::with_capacity(events.len());
        for (index, event) in (0..).zip(events) {
            new_events.push(NewEvent {
                id: EventId::of(command_id, index),
                event_type: Cow::Borrowed(event.name()),
                schema_version: event.schema_version(),
                payload: event
                    .encode()
                    .map_err(|source| self.encode_error(event.name(), source))?,
            });
        }
        Ok(Append {
            stream: self.stream.clone(),
            expect: Expect::Version(expected),
            command_id,
            events: new_events,
            metadata: self.metadata.clone(),
            snapshot,
        })
    }

    /// The receipt of an earlier sending under the same command id.
    fn receipt_of(
        &self,
        stored: Vec<RecordedEvent>,
    ) -> Result<Receipt<C::Aggregate>, SendError<Refusal<C>>> {
        let mut receipt = Receipt {
            id: self.id,
            version: Version::NONE,
            events: Vec::with_capacity(stored.len()),
            position: None,
            recorded_at: None,
            command_id: self.context.command_id(),
            repeated: true,
        };
        for event in stored {
            if event.aggregate_id != self.stream.aggregate_id
                || event.aggregate_type != self.stream.aggregate_type
            {
                return Err(SendError::CommandIdReused {
                    command_id: receipt.command_id,
                    used_for: StreamId {
                        tenant_id: event.tenant_id,
                        aggregate_type: Cow::Owned(event.aggregate_type),
                        aggregate_id: event.aggregate_id,
                    },
                });
            }
            receipt.version = event.version;
            receipt.position = Some(event.position);
            receipt.recorded_at = Some(event.recorded_at);
            let decoded =
                decode_recorded::<C::Aggregate>(&self.stream, event).map_err(SendError::Load)?;
            receipt.events.push(decoded.event);
        }
        Ok(receipt)
    }

    fn conflict(&self, expected: Version, actual: Version) -> SendError<Refusal<C>> {
        SendError::Conflict {
            stream: self.stream.clone(),
            expected,
            actual,
        }
    }

    fn encode_error(&self, what: &'static str, source: serde_json::Error) -> SendError<Refusal<C>> {
        SendError::Encode {
            stream: self.stream.clone(),
            what,
            source,
        }
    }
}

/// What is stored with every event: what the caller said, completed by what the dispatcher knows.
fn stored_metadata(context: &Context) -> Metadata {
    let mut metadata = context.metadata().clone();
    let command_id = context.command_id();
    metadata.command_id = Some(command_id);
    metadata.timestamp = Some(context.now());
    let own = || CorrelationId::from_uuid(command_id.as_uuid());
    metadata.correlation_id = Some(metadata.correlation_id.unwrap_or_else(own));
    metadata
}

fn load_error<E: std::error::Error + 'static>(error: LoadError) -> SendError<E> {
    match error {
        LoadError::Store(error) => SendError::Store(error),
        error => SendError::Load(error),
    }
}
