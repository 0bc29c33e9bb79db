//! From stored events to a state: the one place where a stream is folded.

use std::ops::{ControlFlow, Deref};

use crate::{
    Aggregate, AggregateEvent, Decoded, Id, LoadError, Recorded, RecordedEvent, SchemaVersion,
    SnapshotCodec, Store, StoredSnapshot, StreamId, Version,
    aggregate::fold_next,
    store::{RawEvent, ReadStream, StateSink},
};

/// An aggregate as it was loaded: its state, with the version it is at. It derefs to the state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded<A> {
    /// Which aggregate.
    pub id: Id<A>,
    /// The version of the last event in the state.
    pub version: Version,
    /// The state.
    pub state: A,
}

impl<A> Loaded<A> {
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
    /// The payload bytes that went in, as an estimate of what the state weighs.
    pub(crate) bytes: usize,
}

impl<A> Folded<A> {
    pub(crate) const EMPTY: Self = Self {
        state: None,
        version: Version::NONE,
        bytes: 0,
    };
}

/// Reads a stream up to version `to`, from a snapshot if one is kept and readable.
pub(crate) async fn load_to<A: Aggregate>(
    store: &dyn Store,
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
    fold(store, read, codec, Folded::EMPTY).await
}

/// Reads what was appended to a stream since `folded`.
pub(crate) async fn catch_up<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
    folded: Folded<A>,
) -> Result<Folded<A>, LoadError> {
    let read = ReadStream {
        stream,
        after: folded.version,
        to: Version::MAX,
        snapshot: false,
    };
    fold(store, read, None, folded).await
}

/// Reads the whole events of a stream, decoded.
pub(crate) async fn history<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
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
    let read = store.read_events(ReadStream::all(stream), &mut sink).await;
    read.map_err(LoadError::Store)?;
    match failure {
        Some(error) => Err(error),
        None => Ok(events),
    }
}

/// Whether a stream has any event, whatever is in it.
pub(crate) async fn exists(store: &dyn Store, stream: &StreamId) -> Result<bool, LoadError> {
    let mut exists = false;
    let mut sink = |_: RecordedEvent| {
        exists = true;
        ControlFlow::Break(())
    };
    let first = ReadStream {
        to: Version::FIRST,
        ..ReadStream::all(stream)
    };
    let read = store.read_events(first, &mut sink).await;
    read.map_err(LoadError::Store)?;
    Ok(exists)
}

async fn fold<A: Aggregate>(
    store: &dyn Store,
    read: ReadStream<'_>,
    codec: Option<SnapshotCodec<A>>,
    folded: Folded<A>,
) -> Result<Folded<A>, LoadError> {
    let mut fold = Fold {
        stream: read.stream,
        id: Id::from_uuid(read.stream.aggregate_id.as_uuid()),
        codec,
        folded,
        failure: None,
    };
    store
        .read_state(read, &mut fold)
        .await
        .map_err(LoadError::Store)?;
    match fold.failure {
        Some(error) => Err(error),
        None => Ok(fold.folded),
    }
}

struct Fold<'a, A: Aggregate> {
    stream: &'a StreamId,
    id: Id<A>,
    codec: Option<SnapshotCodec<A>>,
    folded: Folded<A>,
    failure: Option<LoadError>,
}

impl<A: Aggregate> Fold<'_, A> {
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
        // Matched where it lies rather than iterated: to move each event once more would cost a tenth of a load.
        match A::Event::decode(raw.event_type, raw.schema_version, raw.payload) {
            Ok(Decoded::One(ref event)) => self.fold(raw.version, event)?,
            Ok(Decoded::Several(parts)) => {
                for part in &parts {
                    self.fold(raw.version, part)?;
                }
            }
            Err(source) => {
                return Err(LoadError::Decode {
                    stream: self.stream.clone(),
                    version: raw.version,
                    event: raw.event_type.to_owned(),
                    schema_version: SchemaVersion::from_stored(raw.schema_version).number(),
                    source: Box::new(source),
                });
            }
        }
        self.folded.version = raw.version;
        self.folded.bytes += raw.payload.len();
        Ok(())
    }
}

impl<A: Aggregate> StateSink for Fold<'_, A> {
    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        let Some(codec) = &self.codec else {
            return false;
        };
        match codec.decode(&snapshot) {
            Ok(state) => {
                self.folded = Folded {
                    state: Some(state),
                    version: snapshot.version,
                    bytes: snapshot.state.len(),
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
