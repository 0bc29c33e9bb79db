//! One attempt at a command: decide on the state, append at the version that the decision saw.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{
    Desk, Receipt, Refusal, SendOptions,
    cache::Passage,
    encode::encode,
    load::{Folded, catch_up, load_to},
    wait_before,
};
use crate::{
    Aggregate, Command, CommandId, Context, CorrelationId, Decide, Decision, EncodedMetadata,
    EventId, Expect, Id, LoadError, Metadata, NewEvent, NewSnapshot, RecordedEvent, SendError,
    StoreError, StreamId, TenantId, Version,
    aggregate::fold_next,
    store::{Append, Appended},
};

/// How long an append of unknown outcome is tried again before the caller is told: a server that restarts is back by then.
const RESOLVE_FOR: Duration = Duration::from_secs(10);

/// One command, with what all its attempts share.
pub(super) struct Sending<'a, C: Command> {
    desk: &'a dyn Desk,
    id: Id<C::Aggregate>,
    stream: StreamId,
    command: C,
    options: SendOptions,
    context: Context,
    metadata: EncodedMetadata,
}

/// How an attempt ended, unless it failed.
pub(super) enum Attempt<C: Command> {
    Done(Receipt<C::Aggregate>),
    /// Somebody else appended meanwhile; the error is for when there are no retries left.
    Conflict(SendError<Refusal<C>>),
    /// The stream is at the version that was expected, and has another event there.
    Outlived(SendError<Refusal<C>>),
}

/// What a stream ended with when it was decided on: version and event, where that is known.
type End = (Version, Option<EventId>);

/// What the decision on a state is.
enum Verdict<C: Command> {
    Emit(Vec<<C::Aggregate as Aggregate>::Event>),
    Nothing,
    Refuse(SendError<Refusal<C>>),
}

impl<'a, C: Command> Sending<'a, C> {
    pub(super) fn new(
        desk: &'a dyn Desk,
        tenant: TenantId,
        command: C,
        mut options: SendOptions,
    ) -> Result<Self, SendError<Refusal<C>>> {
        let id = command.target();
        let stream = StreamId::of(tenant, id);
        let command_id = options.command_id.unwrap_or_else(CommandId::new);
        let context = Context::of(command_id, tenant, options.take_metadata());
        let metadata = EncodedMetadata::new(stored_metadata(&context)).map_err(|source| {
            SendError::Encode {
                stream: stream.clone(),
                what: "metadata",
                source,
            }
        })?;
        Ok(Self {
            desk,
            id,
            stream,
            command,
            options,
            context,
            metadata,
        })
    }

    /// How often it is decided again after a conflict.
    pub(super) fn retries(&self) -> u32 {
        match self.options.expect_version {
            Some(_) => 0,
            None => self.options.retries,
        }
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
            None => match self.create_unseen(passage).await? {
                Some(done) => return Ok(Attempt::Done(done)),
                None => self.load().await?,
            },
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
            let caught_up = catch_up(self.desk, &self.stream, folded).await;
            (folded, newest) = match caught_up.map_err(load_error)? {
                Some(folded) => {
                    let newest = folded.version == decided_on;
                    (folded, newest)
                }
                None => (self.load().await?, true),
            };
        }
    }

    /// Lets a command that does nothing but create decide without a look at the store, where its aggregate most likely
    /// does not exist: the append's own check tells. `None` where it does exist, or where the command is turned away, which
    /// only the newest state may do.
    async fn create_unseen(
        &self,
        passage: &mut Passage<'_>,
    ) -> Result<Option<Receipt<C::Aggregate>>, SendError<Refusal<C>>> {
        if !<C::Aggregate as Decide<C>>::ONLY_CREATES {
            return Ok(None);
        }
        let Verdict::Emit(events) = self.decide(&Folded::EMPTY) else {
            return Ok(None);
        };
        match self.emit(passage, Folded::EMPTY, events).await {
            Ok(Attempt::Done(receipt)) => Ok(Some(receipt)),
            Ok(Attempt::Conflict(_) | Attempt::Outlived(_))
            | Err(
                SendError::Decision { .. }
                | SendError::Encode { .. }
                | SendError::NotReadBack { .. }
                | SendError::Store(StoreError::Invalid { .. }),
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn load(&self) -> Result<Folded<C::Aggregate>, SendError<Refusal<C>>> {
        let loaded = load_to(self.desk, &self.stream, Version::MAX).await;
        loaded.map_err(load_error)
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
                .desk
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
        let end = (expected, folded.last);
        let ready = self
            .fold(&mut folded, &events)
            .and_then(|()| encode(&self.stream, &events));
        let payloads = match ready {
            Ok(payloads) => payloads,
            Err(error) => return self.turn_away(error, expected).await,
        };
        let snapshot = self.snapshot_if_due(expected, &folded);
        // A snapshot tells what the state weighs; between snapshots, what goes in is the best guess.
        folded.bytes = match &snapshot {
            Some(snapshot) => snapshot.state.get().len(),
            None => {
                folded.bytes
                    + payloads
                        .iter()
                        .map(|event| event.payload.get().len())
                        .sum::<usize>()
            }
        };
        let append = self.append(end, payloads, snapshot.clone());
        folded.last = Some(append.last_event());
        let appended = match self.desk.append(append).await {
            Err(unknown @ StoreError::UnknownOutcome { .. }) => {
                self.resolve(unknown, end, &events, snapshot).await
            }
            known => known,
        };
        match appended {
            Ok(Appended::Stored {
                version,
                position,
                recorded_at,
            }) => {
                passage.put(folded);
                Ok(Attempt::Done(Receipt {
                    id: self.id,
                    version,
                    events,
                    position: Some(position),
                    recorded_at: Some(recorded_at),
                    command_id: self.context.command_id(),
                    repeated: false,
                }))
            }
            Ok(Appended::Before(stored)) => self.receipt_of(stored).map(Attempt::Done),
            Err(StoreError::Conflict { actual, .. }) if actual == expected => {
                Ok(Attempt::Outlived(self.conflict(expected, actual)))
            }
            Err(StoreError::Conflict { actual, .. }) => {
                Ok(Attempt::Conflict(self.conflict(expected, actual)))
            }
            Err(StoreError::CommandIdReused {
                command_id,
                used_for,
            }) => Err(SendError::CommandIdReused {
                command_id,
                used_for,
            }),
            Err(error @ StoreError::Invalid { .. }) => {
                self.turn_away(SendError::Store(error), expected).await
            }
            Err(error) => Err(SendError::Store(error)),
        }
    }

    /// Answers a command whose events cannot be stored now.
    async fn turn_away(
        &self,
        error: SendError<Refusal<C>>,
        version: Version,
    ) -> Result<Attempt<C>, SendError<Refusal<C>>> {
        let receipt = self.without_events(Verdict::Refuse(error), version).await;
        receipt.map(Attempt::Done)
    }

    /// Finds out what became of an append by appending again under the same id and version: only that tells, for a
    /// read could miss a commit in flight. An error that says "not now" leaves the outcome unknown: the caller must
    /// not believe that nothing was written. The gate of the aggregate is kept meanwhile, for what is sent next would
    /// meet the same fault.
    async fn resolve(
        &self,
        mut unknown: StoreError,
        end: End,
        events: &[<C::Aggregate as Aggregate>::Event],
        snapshot: Option<NewSnapshot>,
    ) -> Result<Appended, StoreError> {
        let deadline = Instant::now() + RESOLVE_FOR;
        for tries in 0.. {
            wait_before(tries).await;
            if Instant::now() >= deadline {
                break;
            }
            // Encoded anew, so that the usual append, whose outcome is known, need not keep a copy.
            let Ok(payloads) = encode::<_, Refusal<C>>(&self.stream, events) else {
                break;
            };
            let append = self.append(end, payloads, snapshot.clone());
            let Ok(appended) = timeout_at(deadline, self.desk.append(append)).await else {
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
            let lasting = matches!(
                error,
                StoreError::Closed
                    | StoreError::Forbidden { .. }
                    | StoreError::NotMigrated { .. }
                    | StoreError::Unauthenticated { .. }
            );
            unknown = StoreError::UnknownOutcome {
                command_id: self.context.command_id(),
                stream: self.stream.clone(),
                source: Box::new(error),
            };
            if lasting {
                break;
            }
        }
        Err(unknown)
    }

    fn append(
        &self,
        (version, expect_last): End,
        events: Vec<NewEvent>,
        snapshot: Option<NewSnapshot>,
    ) -> Append {
        Append {
            stream: self.stream.clone(),
            expect: Expect::Version(version),
            expect_last,
            command_id: self.context.command_id(),
            events,
            metadata: self.metadata.clone(),
            snapshot,
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

    /// The snapshot that rides along, if one is due. One that cannot be written is left out: it is a cache, and must
    /// not keep the events from being stored.
    fn snapshot_if_due(
        &self,
        before: Version,
        folded: &Folded<C::Aggregate>,
    ) -> Option<NewSnapshot> {
        let codec = C::Aggregate::snapshots()?;
        if !codec.is_due(before, folded.version) {
            return None;
        }
        let stream = &self.stream;
        match codec.encode(folded.state.as_ref()?, folded.version) {
            Ok(snapshot) if snapshot.state.get().len() <= Append::MAX_PAYLOAD => Some(snapshot),
            Ok(snapshot) => {
                let bytes = snapshot.state.get().len();
                tracing::warn!(%stream, bytes, "the state is too large for a snapshot");
                None
            }
            Err(error) => {
                tracing::warn!(%stream, %error, "the state cannot be written as a snapshot");
                None
            }
        }
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
            if event.aggregate_id != self.stream.aggregate_id || !event.is_of::<C::Aggregate>() {
                return Err(SendError::CommandIdReused {
                    command_id: receipt.command_id,
                    used_for: StreamId {
                        tenant_id: event.tenant_id,
                        aggregate_type: event.aggregate_type.into(),
                        aggregate_id: event.aggregate_id,
                    },
                });
            }
            receipt.version = event.version;
            receipt.position = Some(event.position);
            receipt.recorded_at = Some(event.recorded_at);
            let decoded = event.decode::<C::Aggregate>().map_err(SendError::Load)?;
            let events = decoded.into_iter().map(|recorded| recorded.event);
            receipt.events.extend(events);
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
