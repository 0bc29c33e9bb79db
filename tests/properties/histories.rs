//! Folding, snapshots and pages.

use std::{ops::ControlFlow, sync::LazyLock};

use intent_runtime::{
    App, CommandId, MemoryStore, Metadata, SendError, SqliteStore,
    model::AggregateEvent,
    prelude::*,
    store::{
        Append, EncodedMetadata, Expect, NewEvent, RawEvent, ReadStream, StateSink, Store,
        StoredSnapshot, StreamId,
    },
};
use proptest::{collection::vec, prelude::*};
use tokio::runtime::Runtime;

use super::{
    arbitrary::{can_be_stored, document, history, inspected, past, registered},
    block_on,
};
use crate::golden::domain::{Inspect, Inspected, Parcel, ParcelEvent, Register, Service};

async fn append(store: &dyn Store, stream: &StreamId, events: &[ParcelEvent]) {
    let events = events.iter().map(|event| {
        NewEvent::new(
            event.name(),
            event.schema_version(),
            event.encode().unwrap(),
        )
    });
    append_raw(store, stream, events.collect()).await;
}

async fn append_raw(store: &dyn Store, stream: &StreamId, events: Vec<NewEvent>) {
    if events.is_empty() {
        return;
    }
    let append = Append::new(
        stream.clone(),
        Expect::Any,
        CommandId::new(),
        events,
        EncodedMetadata::new(Metadata::new()).unwrap(),
    );
    store.append(append).await.unwrap();
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(events in history()) {
        for event in events {
            let payload = event.encode().unwrap();
            let read = ParcelEvent::decode(event.name(), event.schema_version(), payload.get().as_bytes());
            prop_assert_eq!(read.unwrap().one(), Some(event));
        }
    }

    /// An event is stored only if a later load gives it back as it is.
    #[test]
    fn what_is_sent_is_read_back_or_refused(inspected in inspected()) {
        let Inspected { ratio, remark, finding, by_shelf } = inspected.clone();
        let id = Id::<Parcel>::new();
        let register = Register {
            id,
            recipient: "Ada".into(),
            address: "here".into(),
            service: Service::Standard,
        };
        block_on(async {
            let app = App::on(MemoryStore::new(), Domain::of::<Parcel>()).await.unwrap();
            app.send(register).await.unwrap();
            let sent = app.send(Inspect { id, ratio, remark, finding, by_shelf }).await;
            let mut history = app.history(id).await.unwrap();
            if can_be_stored(&inspected) {
                prop_assert!(sent.is_ok(), "{sent:?}");
                prop_assert_eq!(history.pop().map(|last| last.event), Some(inspected.into()));
            } else {
                let refused = matches!(sent, Err(SendError::NotReadBack { event: "Inspected", .. }));
                prop_assert!(refused, "{sent:?}");
                prop_assert_eq!(history.len(), 1);
            }
            Ok(())
        })?;
    }

    /// A snapshot in the middle, and the events behind it, are the same state as all events.
    #[test]
    fn a_snapshot_and_the_rest_are_the_whole(events in history(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(events.len()) + 1;
        let id = Id::<Parcel>::new();
        let replayed = Parcel::rehydrate(id, events.iter().cloned()).unwrap().unwrap();
        block_on(async {
            let app = App::on(MemoryStore::new(), Domain::of::<Parcel>()).cache_bytes(0).await.unwrap();
            let stream = StreamId::of(TenantId::DEFAULT, id);
            append(app.store(), &stream, &events[..cut]).await;
            app.snapshot(id).await.unwrap();
            append(app.store(), &stream, &events[cut..]).await;
            let read = app.load(id).await.unwrap();
            prop_assert_eq!(&*read, &replayed);
            for version in 1..=events.len() {
                let then = app.load_at(id, Version::new(version as u64)).await.unwrap();
                let expected = Parcel::rehydrate(id, events[..version].iter().cloned());
                prop_assert_eq!(&*then, &expected.unwrap().unwrap());
            }
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The same of what earlier releases stored, some of it under other names and some to be split.
    #[test]
    fn a_snapshot_amid_past_events_and_the_rest_are_the_whole(
        first in registered(),
        later in vec(past().prop_filter("it creates", |(name, ..)| *name != "Registered"), 1..16),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(later.len());
        let id = Id::<Parcel>::new();
        let mut events = vec![first.clone()];
        let mut expected = vec![Parcel::rehydrate(id, events.clone()).unwrap().unwrap()];
        for (name, version, payload) in &later {
            events.extend(ParcelEvent::decode(name, *version, payload.as_bytes()).unwrap());
            expected.push(Parcel::rehydrate(id, events.clone()).unwrap().unwrap());
        }
        let stored = later.into_iter().map(|(name, version, payload)| NewEvent::new(name, version, serde_json::value::RawValue::from_string(payload).unwrap()));
        let mut stored: Vec<NewEvent> = stored.collect();
        let rest = stored.split_off(cut);
        block_on(async {
            let app = App::on(MemoryStore::new(), Domain::of::<Parcel>()).cache_bytes(0).await.unwrap();
            let stream = StreamId::of(TenantId::DEFAULT, id);
            append(app.store(), &stream, &[first]).await;
            append_raw(app.store(), &stream, stored).await;
            prop_assert_eq!(app.snapshot(id).await.unwrap().get(), cut as u64 + 1);
            append_raw(app.store(), &stream, rest).await;
            for (version, expected) in (1..).zip(&expected) {
                let then = app.load_at(id, Version::new(version)).await.unwrap();
                prop_assert_eq!(&*then, expected);
            }
            let read = app.load(id).await.unwrap();
            prop_assert_eq!(Some(&*read), expected.last());
            Ok(())
        })?;
    }
}

/// What a sink was given, and whether it is to stop behind each event.
#[derive(Default)]
struct Read {
    events: Vec<(u64, String)>,
    one_at_a_time: bool,
}

impl StateSink for Read {
    fn snapshot(&mut self, _: StoredSnapshot) -> bool {
        true
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        let payload = String::from_utf8(event.payload.to_vec()).unwrap();
        self.events.push((event.version.get(), payload));
        if self.one_at_a_time {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

/// A file for all cases: each has a stream of its own.
static SQLITE: LazyLock<(Runtime, SqliteStore, tempfile::TempDir)> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    let store = runtime.block_on(SqliteStore::connect(&url)).unwrap();
    (runtime, store, folder)
});

async fn pages_are_the_whole(
    store: &dyn Store,
    payloads: &[String],
    cuts: &[u64],
) -> Result<(), TestCaseError> {
    let stream = StreamId::of(TenantId::DEFAULT, Id::<Parcel>::new());
    let events = payloads.iter().map(|payload| {
        NewEvent::new(
            "Noted",
            1,
            serde_json::value::RawValue::from_string(payload.clone()).unwrap(),
        )
    });
    append_raw(store, &stream, events.collect()).await;
    let all = ReadStream::all(&stream);
    let mut whole = Read::default();
    store.read_state(all, &mut whole).await.unwrap();
    let numbered = (1..).zip(payloads.iter().cloned());
    prop_assert_eq!(&whole.events, &numbered.collect::<Vec<_>>());

    let mut paged = Read::default();
    let mut after = Version::NONE;
    for cut in cuts.iter().copied().chain([u64::MAX >> 1]) {
        let to = Version::new(after.get().saturating_add(cut).min(u64::MAX >> 1));
        let mut page = all;
        page.after = after;
        page.to = to;
        store.read_state(page, &mut paged).await.unwrap();
        after = Version::new(paged.events.len() as u64);
    }
    prop_assert_eq!(&paged.events, &whole.events);

    let mut single = Read {
        one_at_a_time: true,
        ..Read::default()
    };
    while single.events.len() < payloads.len() {
        let after = Version::new(single.events.len() as u64);
        store
            .read_state(
                {
                    let mut read = all;
                    read.after = after;
                    read
                },
                &mut single,
            )
            .await
            .unwrap();
    }
    prop_assert_eq!(&single.events, &whole.events);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_of_any_size_are_the_whole_stream(
        documents in vec((document(), 0..3_000_usize), 1..40),
        cuts in vec(0..8_u64, 0..8),
    ) {
        // Some are large, so that the store itself reads in several pages.
        let payloads: Vec<String> = documents
            .into_iter()
            .map(|(document, more)| format!("[{document},\"{}\"]", "x".repeat(more * more / 100)))
            .collect();
        block_on(pages_are_the_whole(&MemoryStore::new(), &payloads, &cuts))?;
        let (runtime, store, _) = &*SQLITE;
        runtime.block_on(pages_are_the_whole(store, &payloads, &cuts))?;
    }
}
