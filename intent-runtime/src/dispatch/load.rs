//! The one place that folds stored events to a state.

use std::ops::{ControlFlow, Deref};

use crate::{
    dispatch::{as_of::AsOf, error::LoadError, inline::Rows},
    model::{
        aggregate::{Aggregate, fold_next},
        event::{AggregateEvent, decode_past},
        recorded::Recorded,
        schema_version::SchemaVersion,
        snapshot::SnapshotCodec,
        upcast::DecodeError,
    },
    record::{
        event::RecordedEvent,
        id::{EventId, Id},
        snapshot::StoredSnapshot,
        stream::StreamId,
        version::Version,
    },
    store::{
        RawEvent, ReadStream, StateSink,
        port::{Store, Streams},
    },
};

/// A loaded aggregate: its state and its version.
///
/// It derefs to the state. Methods give the rest, so that no field of the state is hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<A> {
    id: Id<A>,
    version: Version,
    state: A,
}

impl<A> Loaded<A> {
    pub(crate) fn new(id: Id<A>, version: Version, state: A) -> Self {
        Self { id, version, state }
    }

    /// Which aggregate.
    pub fn id(&self) -> Id<A> {
        self.id
    }

    /// The version of the last event in the state.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The state.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// The state alone.
    pub fn into_state(self) -> A {
        self.state
    }
}

impl<A> Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

/// A state being folded, with the version it has reached.
pub(crate) struct Folded<A> {
    pub(crate) state: Option<A>,
    pub(crate) version: Version,
    /// The event of that version, if the store named it.
    pub(crate) last: Option<EventId>,
    /// The bytes of all folded payloads, as an estimate of the size of the state.
    pub(crate) bytes: usize,
    /// The rows of inline models at that version, if they are known.
    pub(crate) rows: Option<Rows>,
}

impl<A> Folded<A> {
    pub(crate) const EMPTY: Self = Self {
        state: None,
        version: Version::NONE,
        last: None,
        bytes: 0,
        rows: None,
    };
}

/// Reads a stream up to version `to`, from a snapshot if one is kept and readable.
pub(crate) async fn load_to<A: Aggregate>(
    streams: &dyn Streams,
    stream: &StreamId,
    to: Version,
) -> Result<Folded<A>, LoadError> {
    let codec = A::snapshots();
    let read = ReadStream {
        stream,
        after: Version::NONE,
        to,
        snapshot: codec.is_some(),
    };
    let mut fold = Fold::new(stream, codec, Folded::EMPTY);
    streams.read_state(read, &mut fold).await?;
    fold.end()
}

/// Reads a stream as it was at a moment; nothing of it if it did not exist then.
///
/// # Errors
/// [`LoadError::NoSuchVersion`] if its last version is an earlier one than was asked for, [`LoadError::NotFound`] if it does
/// not exist at all and a version was asked for, or why it cannot be read.
pub(crate) async fn fold_as_of<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
    as_of: AsOf,
) -> Result<Folded<A>, LoadError> {
    let to = match (as_of, as_of.time()) {
        (_, Some(time)) => store.version_as_of(stream, time).await?,
        (AsOf::Version(version), None) => version,
        _ => Version::MAX,
    };
    if to == Version::NONE {
        return Ok(Folded::EMPTY);
    }
    let folded = load_to::<A>(store, stream, to).await?;
    match as_of {
        AsOf::Version(_) if folded.version == Version::NONE => {
            Err(LoadError::not_found(stream.clone()))
        }
        AsOf::Version(version) if folded.version < version && folded.state.is_some() => {
            Err(LoadError::NoSuchVersion {
                stream: stream.clone(),
                version,
                last: folded.version,
            })
        }
        _ => Ok(folded),
    }
}

/// Loads an aggregate as it was at a moment.
///
/// # Errors
/// [`LoadError::NotFound`] if it does not exist or did not exist then, [`LoadError::NoSuchVersion`] if its last version is an
/// earlier one than was asked for, or why it cannot be read.
pub(crate) async fn load_as_of<A: Aggregate>(
    store: &dyn Store,
    stream: StreamId,
    as_of: AsOf,
) -> Result<Loaded<A>, LoadError> {
    let folded = fold_as_of::<A>(store, &stream, as_of).await?;
    if let Some(state) = folded.state {
        let id = Id::from_uuid(stream.aggregate_id.as_uuid());
        return Ok(Loaded::new(id, folded.version, state));
    }
    let existed_later = as_of != AsOf::Now && reaches(store, &stream, Version::FIRST).await?;
    let as_of = existed_later.then_some(as_of);
    Err(LoadError::NotFound { stream, as_of })
}

/// Reads what was appended to a stream since `folded`. `None` if the stream no longer has the last event of `folded`, as after a
/// restore of the database. Then `folded` is wrong.
pub(crate) async fn catch_up<A: Aggregate>(
    streams: &dyn Streams,
    stream: &StreamId,
    folded: Folded<A>,
) -> Result<Option<Folded<A>>, LoadError> {
    let (known, last) = (folded.version, folded.last);
    let read = ReadStream {
        // Begins with the last known event, to see whether it is still there.
        after: Version::new(known.get().saturating_sub(1)),
        ..ReadStream::all(stream)
    };
    let mut found = known == Version::NONE;
    let mut fold = Fold::new(stream, None, folded);
    let mut sink = |event: RecordedEvent| {
        if event.version == known {
            found = last.is_none_or(|last| last == event.id);
        }
        if event.version > known && found {
            // They stand at the version before.
            fold.folded.rows = None;
            fold.ends_with(event.version, event.id);
            return fold.event(RawEvent {
                version: event.version,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                payload: event.payload.as_bytes(),
            });
        }
        if found {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    streams.read_events(read, &mut sink).await?;
    let folded = fold.end()?;
    Ok(found.then_some(folded))
}

/// Reads whole events of a stream, decoded.
pub(crate) async fn history<A: Aggregate>(
    store: &dyn Store,
    read: ReadStream<'_>,
) -> Result<Vec<Recorded<A::Event>>, LoadError> {
    let mut events = Vec::new();
    let mut failure = None;
    let mut sink = |stored: RecordedEvent| match stored.decode::<A>() {
        Ok(decoded) => {
            events.extend(decoded);
            ControlFlow::Continue(())
        }
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    };
    store.read_events(read, &mut sink).await?;
    match failure {
        Some(error) => Err(error),
        None => Ok(events),
    }
}

/// Reads and decodes the next `limit` stored events after a version. If all of them are retired, it reads on, so an empty list
/// means that none are left.
pub(crate) async fn history_after<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
    mut after: Version,
    limit: usize,
) -> Result<Vec<Recorded<A::Event>>, LoadError> {
    let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
    loop {
        let to = after.after(limit).unwrap_or(Version::MAX);
        let page = ReadStream {
            after,
            to,
            ..ReadStream::all(stream)
        };
        let events = history::<A>(store, page).await?;
        if !events.is_empty() || to == Version::MAX || !reaches(store, stream, to).await? {
            return Ok(events);
        }
        // All of the page are retired.
        after = to;
    }
}

/// Whether a stream has an event of this version, whatever is in it.
pub(crate) async fn reaches(
    store: &dyn Store,
    stream: &StreamId,
    version: Version,
) -> Result<bool, LoadError> {
    let mut reaches = false;
    let mut sink = |_: RecordedEvent| {
        reaches = true;
        ControlFlow::Break(())
    };
    let only = ReadStream {
        after: Version::new(version.get().saturating_sub(1)),
        to: version,
        ..ReadStream::all(stream)
    };
    store.read_events(only, &mut sink).await?;
    Ok(reaches)
}

struct Fold<'a, A: Aggregate> {
    stream: &'a StreamId,
    id: Id<A>,
    codec: Option<SnapshotCodec<A>>,
    folded: Folded<A>,
    /// The last event of the stream.
    end: Option<(Version, EventId)>,
    failure: Option<LoadError>,
}

impl<'a, A: Aggregate> Fold<'a, A> {
    fn new(stream: &'a StreamId, codec: Option<SnapshotCodec<A>>, folded: Folded<A>) -> Self {
        Self {
            stream,
            id: Id::from_uuid(stream.aggregate_id.as_uuid()),
            codec,
            folded,
            end: None,
            failure: None,
        }
    }

    fn end(mut self) -> Result<Folded<A>, LoadError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        if let Some((version, last)) = self.end {
            self.folded.last = (version == self.folded.version).then_some(last);
        }
        Ok(self.folded)
    }

    #[inline]
    fn fold(&mut self, version: Version, event: &A::Event) -> Result<(), LoadError> {
        fold_next(&mut self.folded.state, self.id, version, event).map_err(|source| {
            LoadError::History {
                stream: self.stream.clone(),
                source,
            }
        })
    }

    fn take(&mut self, raw: RawEvent<'_>) -> Result<(), LoadError> {
        // Folded by reference: to move each event once more would cost a tenth of a load.
        match A::Event::decode_one(raw.event_type, raw.schema_version, raw.payload) {
            Ok(ref event) => self.fold(raw.version, event)?,
            Err(unread) => self.fold_past(unread, raw)?,
        }
        self.folded.version = raw.version;
        self.folded.bytes += raw.payload.len();
        Ok(())
    }

    #[cold]
    fn fold_past(&mut self, unread: DecodeError, raw: RawEvent<'_>) -> Result<(), LoadError> {
        let parts = decode_past(unread, raw.event_type, raw.schema_version, raw.payload);
        let parts = parts.map_err(|source| LoadError::Decode {
            stream: self.stream.clone(),
            version: raw.version,
            event: raw.event_type.to_owned(),
            schema_version: SchemaVersion::from_stored(raw.schema_version).number(),
            source: Box::new(source),
        })?;
        let mut parts = parts.iter();
        parts.try_for_each(|part| self.fold(raw.version, part))
    }
}

impl<A: Aggregate> StateSink for Fold<'_, A> {
    fn ends_with(&mut self, version: Version, last: EventId) {
        self.end = Some((version, last));
    }

    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        let Some(codec) = &self.codec else {
            return false;
        };
        match codec.decode(&snapshot) {
            Ok(state) => {
                self.folded = Folded {
                    state: Some(state),
                    version: snapshot.version,
                    last: None,
                    bytes: snapshot.state.len(),
                    rows: None,
                };
                true
            }
            Err(error) => {
                tracing::debug!(stream = %self.stream, version = %snapshot.version, %error, "snapshot left aside");
                false
            }
        }
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        match self.take(event) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}
