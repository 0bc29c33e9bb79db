//! One attempt at a command: decide on a state, append at the version that the decision saw.
//!
//! The state may be one that was kept from an earlier command, or the empty one that a creation expects. Such a state is
//! only tried ([`Sending::try_kept`]): its outcome counts only if the store accepts the events. Any other outcome, such as a
//! refusal, an error, a conflict or nothing to do, is dropped. The command is then decided again on the newest state
//! ([`Sending::on_newest`]). So no outcome depends on a kept state.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    dispatch::{
        cache::CacheGuard,
        encode::{encode, written},
        error::SendError,
        inline::{InlineModel, Unmade},
        load::{Folded, catch_up, load_to},
        options::{Receipt, SendOptions},
        repeated::resolve,
    },
    model::{
        aggregate::{Aggregate, fold_next},
        any_command::{CommandHead, Undecided},
        command::{Command, Decision, Refusal},
        context::Context,
    },
    record::{
        event::NewEvent,
        fingerprint,
        id::{CommandId, EventId, TenantId},
        metadata::EncodedMetadata,
        snapshot::NewSnapshot,
        stream::StreamId,
        version::Version,
    },
    store::{
        append::{Append, Appended, Expect},
        error::StoreError,
        port::Streams,
    },
};

/// One command, with what all its attempts share.
pub(crate) struct Sending<'a, A: Aggregate, E> {
    pub(super) streams: &'a dyn Streams,
    pub(super) head: CommandHead<A>,
    pub(super) stream: StreamId,
    command: &'a dyn Undecided<A, E>,
    options: SendOptions,
    pub(super) context: Context,
    /// The inline models of the aggregate, whose rows the append carries.
    pub(super) inline: &'a [InlineModel],
}

/// A command that was sent by its type.
pub(crate) type SendingOf<'a, C> = Sending<'a, <C as Command>::Aggregate, Refusal<C>>;

/// How an attempt ended, unless it failed.
pub(super) enum Attempt<A: Aggregate, E> {
    Done(Receipt<A>),
    /// Another command appended meanwhile. The error is the answer if no retries are left.
    Conflict(SendError<E>),
}

enum Decided<A: Aggregate, E> {
    /// There are events to store.
    Ready(Ready<A>),
    /// There are none, or none that can be stored, for the reason. The state is `None` if folding the events failed half-way.
    TurnedAway(Option<SendError<E>>, Option<Folded<A>>),
}

/// A decision that can be stored.
pub(super) struct Ready<A: Aggregate> {
    pub(super) events: Vec<A::Event>,
    /// The state after the events.
    folded: Folded<A>,
    payloads: Vec<NewEvent>,
    /// The version that the decision saw.
    seen: Version,
    /// What is appended, but for the payloads.
    rest: Append,
}

/// The events of a decision that is not stored, and the state after them, unless folding failed half-way.
pub(crate) type Proposal<A> = (Vec<<A as Aggregate>::Event>, Option<Folded<A>>);

/// The store's answer to a decision, unless it fails.
enum Told<A: Aggregate, E> {
    /// The events are stored, now or by an earlier sending.
    Stored(Receipt<A>),
    /// The stream is not as the decision saw it.
    Conflict(SendError<E>),
    /// The events break a limit, or lead to a row that cannot be stored.
    Refused(SendError<E>),
}

impl<'a, A: Aggregate, E: std::error::Error + 'static> Sending<'a, A, E> {
    pub(crate) fn new(
        streams: &'a dyn Streams,
        tenant: TenantId,
        head: CommandHead<A>,
        command: &'a dyn Undecided<A, E>,
        mut options: SendOptions,
    ) -> Result<Self, SendError<E>> {
        let command_id = options.command_id.unwrap_or_else(CommandId::new);
        let metadata = options.take_metadata().map_err(StoreError::from)?;
        let context = Context::of(command_id, tenant, metadata);
        Ok(Self {
            streams,
            stream: StreamId::of(tenant, head.target),
            head,
            command,
            options,
            context,
            inline: &[],
        })
    }

    /// The same, whose append carries the rows of these models.
    pub(crate) fn carrying(self, inline: &'a [InlineModel]) -> Self {
        Self { inline, ..self }
    }

    /// How often it is decided again after a conflict.
    pub(super) fn retries(&self) -> u32 {
        match self.options.expect_version {
            Some(_) => 0,
            None => self.options.retries,
        }
    }

    pub(super) async fn attempt(
        &self,
        cache: &mut CacheGuard<'_>,
    ) -> Result<Attempt<A, E>, SendError<E>> {
        let kept = cache.take::<A>();
        // A command that only creates most likely finds no aggregate. If there is one, the append's own check finds it.
        let expected = self.head.only_creates.then_some(Folded::EMPTY);
        let newest = match kept.or(expected) {
            Some(state) => match self.try_kept(cache, state).await? {
                Tried::Stored(receipt) => return Ok(Attempt::Done(receipt)),
                Tried::DecideAgain(state) => self.newest(state).await?,
            },
            None => self.newest(None).await?,
        };
        self.on_newest(cache, newest).await
    }

    /// Decides on a state that may be out of date.
    async fn try_kept(
        &self,
        cache: &mut CacheGuard<'_>,
        state: Folded<A>,
    ) -> Result<Tried<A>, SendError<E>> {
        // A decision that panics on an old state may succeed on the newest. If it does not, it panics there.
        let decided = catch_unwind(AssertUnwindSafe(|| self.decide(state)));
        let ready = match decided {
            Ok(Decided::Ready(ready)) => ready,
            Ok(Decided::TurnedAway(_, state)) => return Ok(Tried::DecideAgain(state)),
            Err(_) => return Ok(Tried::DecideAgain(None)),
        };
        Ok(match self.store(cache, ready).await? {
            Told::Stored(receipt) => Tried::Stored(receipt),
            Told::Conflict(_) | Told::Refused(_) => Tried::DecideAgain(None),
        })
    }

    /// The newest state: `kept` with the events after it, or read from the store if there is none.
    async fn newest(&self, kept: Option<Folded<A>>) -> Result<Folded<A>, SendError<E>> {
        if let Some(kept) = kept.filter(|kept| kept.state.is_some()) {
            let caught_up = catch_up(self.streams, &self.stream, kept).await?;
            if let Some(newest) = caught_up {
                return Ok(newest);
            }
        }
        Ok(load_to(self.streams, &self.stream, Version::MAX).await?)
    }

    /// Decides on the newest state. The outcome is final unless another command appends before the events are stored.
    async fn on_newest(
        &self,
        cache: &mut CacheGuard<'_>,
        newest: Folded<A>,
    ) -> Result<Attempt<A, E>, SendError<E>> {
        let version = newest.version;
        let refusal = match self.decide(newest) {
            Decided::Ready(ready) => match self.store(cache, ready).await? {
                Told::Stored(receipt) => return Ok(Attempt::Done(receipt)),
                Told::Conflict(error) => return Ok(Attempt::Conflict(error)),
                Told::Refused(error) => Some(error),
            },
            Decided::TurnedAway(refusal, state) => {
                if let Some(state) = state {
                    cache.put(state);
                }
                refusal
            }
        };
        let receipt = self.without_events(refusal, version).await?;
        Ok(Attempt::Done(receipt))
    }

    /// Decides on a state as a sending does, and stores nothing: the events that would be stored, and the state after them.
    pub(crate) fn dry_run(&self, state: Folded<A>) -> Result<Proposal<A>, SendError<E>> {
        match self.decide(state) {
            Decided::Ready(ready) => {
                let events = ready.payloads;
                Append {
                    events,
                    ..ready.rest
                }
                .check()?;
                Ok((ready.events, Some(ready.folded)))
            }
            Decided::TurnedAway(None, state) => Ok((Vec::new(), state)),
            Decided::TurnedAway(Some(error), _) => Err(error),
        }
    }

    /// Decides, and makes the events ready to be stored. Nothing here waits.
    fn decide(&self, state: Folded<A>) -> Decided<A, E> {
        if let Some(expected) = self.options.expect_version
            && expected != state.version
        {
            let conflict = self.conflict(expected, state.version);
            return Decided::TurnedAway(Some(conflict), Some(state));
        }
        self.context.begin_attempt();
        let stream = || self.stream.clone();
        let refusal = match self.command.decide(state.state.as_ref(), &self.context) {
            Ok(Decision::Events(events)) if events.is_empty() => {
                return Decided::TurnedAway(None, Some(state));
            }
            Ok(Decision::Events(events)) => return self.make_ready(state, events),
            Ok(Decision::NotFound) => SendError::NotFound { stream: stream() },
            Ok(Decision::AlreadyExists) => SendError::AlreadyExists { stream: stream() },
            Err(refusal) => SendError::Rejected(refusal),
        };
        Decided::TurnedAway(Some(refusal), Some(state))
    }

    fn make_ready(&self, mut folded: Folded<A>, events: Vec<A::Event>) -> Decided<A, E> {
        let (seen, expect_last) = (folded.version, folded.last);
        let written = encode(&self.stream, &events)
            .and_then(|payloads| Ok((payloads, self.stored_metadata()?)));
        let (payloads, metadata) = match written {
            Ok(written) => written,
            Err(error) => return Decided::TurnedAway(Some(error), Some(folded)),
        };
        if let Err(error) = self.fold(&mut folded, &events) {
            return Decided::TurnedAway(Some(error), None);
        }
        let snapshot = self.snapshot_if_due(seen, &folded);
        // A snapshot shows the size of the state. Between snapshots, the size of the events is the best guess.
        folded.bytes = match &snapshot {
            Some(snapshot) => snapshot.state.get().len(),
            None => {
                let payloads = payloads.iter().map(|event| event.payload.get().len());
                folded.bytes + payloads.sum::<usize>()
            }
        };
        folded.last = Some(EventId::of_last(self.context.command_id(), events.len()));
        Decided::Ready(Ready {
            events,
            folded,
            payloads,
            seen,
            rest: Append {
                stream: self.stream.clone(),
                expect: Expect::Version(seen),
                expect_last,
                command_id: self.context.command_id(),
                events: Vec::new(),
                metadata,
                snapshot,
                rows: Vec::new(),
            },
        })
    }

    /// The metadata of every event: what the caller gave, and what the dispatcher adds.
    fn stored_metadata(&self) -> Result<EncodedMetadata, SendError<E>> {
        let mut metadata = self.context.metadata().clone();
        let command_id = self.context.command_id();
        metadata.command = Some(self.head.name.into());
        metadata.command_id = Some(command_id);
        metadata.fingerprint = self.fingerprint()?;
        metadata.timestamp = Some(self.context.now());
        metadata.correlation_id.get_or_insert(command_id.into());
        let encoded = EncodedMetadata::limited(metadata, Append::MAX_PAYLOAD);
        written(&self.stream, "the metadata", encoded)
    }

    /// The fingerprint of the command; `None` if the caller gave no id, so that it cannot be sent again.
    pub(super) fn fingerprint(&self) -> Result<Option<String>, SendError<E>> {
        if self.options.command_id.is_none() {
            return Ok(None);
        }
        let canonical = self.command.canonical();
        let canonical = canonical.map_err(|source| SendError::Encode {
            stream: self.stream.clone(),
            what: self.head.name,
            source,
        })?;
        Ok(Some(fingerprint::of(self.head.name, &canonical)))
    }

    /// Answers a command that emits nothing now. It may have been sent before under the same id, and have emitted events then.
    async fn without_events(
        &self,
        refusal: Option<SendError<E>>,
        version: Version,
    ) -> Result<Receipt<A>, SendError<E>> {
        if let Some(command_id) = self.options.command_id {
            let tenant = self.stream.tenant_id;
            let before = self.streams.events_of_command(tenant, command_id).await?;
            if !before.is_empty() {
                return self.receipt_of(before);
            }
        }
        match refusal {
            Some(error) => Err(error),
            None => Ok(Receipt {
                version,
                ..self.receipt()
            }),
        }
    }

    async fn store(
        &self,
        cache: &mut CacheGuard<'_>,
        ready: Ready<A>,
    ) -> Result<Told<A, E>, SendError<E>> {
        let Ready {
            events,
            mut folded,
            payloads,
            seen,
            mut rest,
        } = ready;
        let rows = &mut folded.rows;
        match self
            .rows(rows, seen, &events, &rest.metadata, &payloads)
            .await
        {
            Ok(rows) => rest.rows = rows,
            Err(Unmade::Ahead(actual)) => return Ok(Told::Conflict(self.conflict(seen, actual))),
            Err(Unmade::Failed(SendError::Store(error))) => return Err(error.into()),
            Err(Unmade::Failed(refused)) => return Ok(Told::Refused(refused)),
        }
        let append = |events| Append {
            events,
            ..rest.clone()
        };
        let appended = match self.streams.append(append(payloads)).await {
            Err(unknown @ StoreError::UnknownOutcome { .. }) => {
                // Encoded again, so that the usual append, whose outcome is known, need not keep a copy.
                let again = || Some(append(encode::<_, E>(&self.stream, &events).ok()?));
                resolve(self.streams, unknown, again).await
            }
            known => known,
        };
        match appended {
            Ok(Appended::Stored {
                version,
                position,
                recorded_at,
            }) => {
                cache.put(folded);
                Ok(Told::Stored(Receipt {
                    version,
                    events,
                    cursor: Some(self.cursor(position)),
                    recorded_at: Some(recorded_at),
                    ..self.receipt()
                }))
            }
            Ok(Appended::Before(stored)) => self.receipt_of(stored).map(Told::Stored),
            Err(StoreError::Conflict { actual, .. }) => {
                Ok(Told::Conflict(self.conflict(seen, actual)))
            }
            Err(StoreError::CommandIdReused { used_for, .. }) => Err(self.reused_for(used_for)),
            Err(error @ StoreError::Invalid { .. }) => Ok(Told::Refused(SendError::Store(error))),
            Err(StoreError::Taken { model, field, .. }) => {
                Ok(Told::Refused(SendError::Taken { model, field }))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn fold(&self, folded: &mut Folded<A>, events: &[A::Event]) -> Result<(), SendError<E>> {
        for event in events {
            let version = folded.version.next();
            fold_next(&mut folded.state, self.head.target, version, event).map_err(|source| {
                SendError::Decision {
                    command: self.head.name,
                    stream: self.stream.clone(),
                    source,
                }
            })?;
            folded.version = version;
        }
        Ok(())
    }

    /// The snapshot to store with the events, if one is due. One that cannot be written is left out, since a cache must not
    /// keep events from being stored.
    fn snapshot_if_due(&self, before: Version, folded: &Folded<A>) -> Option<NewSnapshot> {
        let codec = A::snapshots()?;
        if !codec.is_due(before, folded.version) {
            return None;
        }
        let stream = &self.stream;
        match codec.encode(folded.state.as_ref()?, folded.version) {
            Ok(snapshot) => match snapshot.check(stream) {
                Ok(()) => Some(snapshot),
                Err(error) => {
                    tracing::warn!(%stream, ?error, "the state breaks a limit of snapshots");
                    None
                }
            },
            Err(error) => {
                tracing::warn!(%stream, %error, "the state cannot be written as a snapshot");
                None
            }
        }
    }

    fn conflict(&self, expected: Version, actual: Version) -> SendError<E> {
        SendError::Conflict {
            stream: self.stream.clone(),
            expected,
            actual,
        }
    }
}

/// The outcome of a decision on a state that may be out of date.
enum Tried<A: Aggregate> {
    /// The store took the events, or has them since the command was sent before.
    Stored(Receipt<A>),
    /// The outcome does not count. The state is `None` if it cannot be used again.
    DecideAgain(Option<Folded<A>>),
}
