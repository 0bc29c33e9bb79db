//! What is too large is refused before all of it is written, and at the limit it is not.

use std::cell::Cell;

use intent_runtime::{
    App, LoadError, MemoryStore, StoreError,
    prelude::*,
    store::{Append, EncodedMetadata, Expect, InvalidAppend, NewEvent, StreamId},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};
use serde_json::value::RawValue;

const MIB: usize = 1024 * 1024;

thread_local! {
    /// How many pieces were written in this thread.
    static WRITTEN: Cell<usize> = const { Cell::new(0) };
}

/// A value that is written in so many pieces of a KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, JsonSchema)]
pub struct Pieces(usize);

impl Serialize for Pieces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pieces = serializer.serialize_seq(Some(self.0))?;
        let piece = "x".repeat(1024 - 3);
        for _ in 0..self.0 {
            WRITTEN.set(WRITTEN.get() + 1);
            pieces.serialize_element(&piece)?;
        }
        pieces.end()
    }
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer).map(|pieces| Self(pieces.len()))
    }
}

#[derive(Aggregate, Debug)]
#[aggregate(created_by(Begun), events(Grown, Noted => (), Sized => Self::sized), snapshot(every = 2))]
pub struct Archive {
    #[id]
    id: Id<Archive>,
    #[on(Grown = |e| e.pieces)]
    pieces: Pieces,
    size: Pieces,
}

#[event]
pub struct Begun;

#[event]
pub struct Grown {
    pieces: Pieces,
}

#[event]
pub struct Noted(String);

#[event]
pub struct Sized(usize);

#[commands]
impl Archive {
    #[create]
    pub fn begin() -> Begun {
        Begun
    }

    #[handle]
    pub fn grow(&self, pieces: usize, times: usize) -> Vec<ArchiveEvent> {
        let pieces = Pieces(pieces);
        vec![Grown { pieces }.into(); times]
    }

    #[handle]
    pub fn note(&self, bytes: usize) -> Noted {
        Noted("x".repeat(bytes - 2))
    }

    /// Makes the state large, by an event that is small.
    #[handle]
    pub fn size(&self, pieces: usize) -> Sized {
        Sized(pieces)
    }

    fn sized(&mut self, event: &Sized) {
        self.size = Pieces(event.0);
    }
}

async fn begun() -> (App, MemoryStore, Id<Archive>) {
    let store = MemoryStore::new();
    let app = App::on(store.clone(), Domain::of::<Archive>())
        .await
        .unwrap();
    let id = Id::new();
    app.send(Begin { id }).await.unwrap();
    WRITTEN.set(0);
    (app, store, id)
}

fn refused<T: std::fmt::Debug, E: std::error::Error + 'static>(
    sent: Result<T, SendError<E>>,
) -> InvalidAppend {
    match sent {
        Err(SendError::Store(StoreError::Invalid { source, .. })) => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_payload_is_written_no_further_than_to_its_limit() {
    let (app, _, id) = begun().await;
    let (pieces, times) = (200 * 1024, 1);
    // Under an id of its own, for which a fingerprint would be made.
    for options in [
        SendOptions::new(),
        SendOptions::new().command_id(CommandId::from_key("large")),
    ] {
        WRITTEN.set(0);
        let sent = app.send_with(Grow { id, pieces, times }, options).await;
        let InvalidAppend::TooLarge { what, bytes, limit } = refused(sent) else {
            panic!("it is too large");
        };
        assert_eq!((&*what, limit), ("Grown", 16 * MIB));
        assert!((limit..limit + 4096).contains(&bytes), "{bytes}");
        // Twice, for the first time was on a kept state.
        assert!(WRITTEN.get() <= 2 * (16 * 1024 + 1), "{}", WRITTEN.get());
    }
    assert_eq!(app.history(id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_payload_of_the_largest_size_is_stored_and_one_byte_more_is_not() {
    let (app, _, id) = begun().await;
    let bytes = Append::MAX_PAYLOAD;
    app.send(Note { id, bytes }).await.unwrap();
    let bytes = bytes + 1;
    let limit = Append::MAX_PAYLOAD;
    let what = String::from("Noted");
    let refused = refused(app.send(Note { id, bytes }).await);
    assert_eq!(refused, InvalidAppend::TooLarge { what, bytes, limit });
    assert_eq!(app.load(id).await.unwrap().version(), Version::new(2));
}

#[tokio::test]
async fn too_many_events_are_refused_before_one_is_written() {
    let (app, _, id) = begun().await;
    let (pieces, times) = (1, 10_001);
    let refused = refused(app.send(Grow { id, pieces, times }).await);
    let (count, limit) = (10_001, Append::MAX_EVENTS);
    assert_eq!(refused, InvalidAppend::TooMany { count, limit });
    assert_eq!(WRITTEN.get(), 0);
    let (pieces, times) = (0, 10_000);
    let most = app.send(Grow { id, pieces, times }).await.unwrap();
    assert_eq!(most.version, Version::new(10_001));
}

#[tokio::test]
async fn events_are_written_no_further_than_all_of_an_append_may_be() {
    let (app, _, id) = begun().await;
    let app = App::on(&app, Domain::of::<Archive>())
        .cache_bytes(0)
        .await
        .unwrap();
    // 25 of them are 250 MiB, of 1,000.
    let (pieces, times) = (10 * 1024, 1_000);
    let refused = refused(app.send(Grow { id, pieces, times }).await);
    let InvalidAppend::TooLarge { what, limit, .. } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((&*what, limit), ("the append", Append::MAX_BYTES));
    assert_eq!(WRITTEN.get(), 26 * 10 * 1024);
}

/// Without storing that much.
#[test]
fn an_append_of_the_largest_size_is_allowed_and_one_byte_more_is_not() {
    let metadata = EncodedMetadata::new(Metadata::new().actor("x".repeat(26_000))).unwrap();
    let of_metadata = metadata.json().len() * Append::MAX_EVENTS;
    let append = |bytes: usize| {
        let first = bytes - of_metadata - (Append::MAX_EVENTS - 1);
        let event = |bytes: usize| {
            NewEvent::new(
                "Noted",
                1,
                RawValue::from_string("1".repeat(bytes)).unwrap(),
            )
        };
        let mut events = vec![event(1); Append::MAX_EVENTS];
        events[0] = event(first);
        Append::new(
            StreamId::of(TenantId::DEFAULT, Id::<Archive>::new()),
            Expect::Any,
            CommandId::new(),
            events,
            metadata.clone(),
        )
    };
    let largest = append(Append::MAX_BYTES);
    assert_eq!(largest.bytes(), Append::MAX_BYTES);
    largest.check().unwrap();
    let error = append(Append::MAX_BYTES + 1).check().unwrap_err();
    assert!(matches!(error, StoreError::Invalid { .. }), "{error:?}");
}

#[tokio::test]
async fn metadata_is_written_no_further_than_to_its_limit() {
    let (app, _, id) = begun().await;
    let send = async |bytes: usize| {
        let metadata = Metadata::new().actor("x".repeat(bytes));
        let options = SendOptions::new().metadata(metadata);
        app.send_with(
            Grow {
                id,
                pieces: 0,
                times: 1,
            },
            options,
        )
        .await
    };
    send(1).await.unwrap();
    let stored = app
        .store()
        .events_of_command(app.id(), last(&app, id).await);
    let rest = stored.await.unwrap()[0].metadata.json().len() - 1;
    send(Append::MAX_PAYLOAD - rest).await.unwrap();
    let InvalidAppend::TooLarge { what, bytes, .. } = refused(send(200 * MIB).await) else {
        panic!("it is too large");
    };
    assert_eq!(what, "the metadata");
    assert!(bytes >= 200 * MIB, "the text is one piece: {bytes}");
    let one_more = refused(send(Append::MAX_PAYLOAD - rest + 1).await);
    assert!(
        matches!(one_more, InvalidAppend::TooLarge { .. }),
        "{one_more:?}"
    );
    assert_eq!(app.load(id).await.unwrap().version(), Version::new(3));
}

async fn last(app: &App, id: Id<Archive>) -> CommandId {
    let history = app.history(id).await.unwrap();
    history
        .last()
        .unwrap()
        .metadata()
        .unwrap()
        .command_id
        .unwrap()
}

#[tokio::test]
async fn a_state_that_is_too_large_is_no_snapshot() {
    let (app, _, id) = begun().await;
    // Its snapshot is due; the events are stored without it.
    let pieces = 200 * 1024;
    let sized = app.send(Size { id, pieces }).await.unwrap();
    assert_eq!(sized.version, Version::new(2));
    assert!(WRITTEN.get() <= 16 * 1024 + 1, "{}", WRITTEN.get());
    let error = app.snapshot(id).await.unwrap_err();
    let LoadError::Store(StoreError::Invalid { source, .. }) = error else {
        panic!("{error:?}");
    };
    assert!(
        matches!(&source, InvalidAppend::TooLarge { what, .. } if what == "the snapshot"),
        "{source:?}"
    );
    app.send(Size { id, pieces: 1 }).await.unwrap();
    assert_eq!(app.snapshot(id).await.unwrap(), Version::new(3));
}
