//! Beside writers, and with little memory.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures_util::FutureExt;
use intent_runtime::{
    CommandId, MemoryStore, Metadata, PgStore, RecordedEvent, TenantId,
    store::{Append, EncodedMetadata, Expect, Import as _, Log, NewEvent},
    transfer::{Export, Import},
};
use intent_tests::postgres::TempDatabase;
use serde_json::value::RawValue;
use tokio::io::AsyncWrite;

use super::fixture::{append, every_store, log, stream};

/// Everything acknowledged before the export began is in it, even behind a transaction that is still open.
#[tokio::test]
async fn an_export_waits_for_a_transaction_that_is_under_way() {
    let database = TempDatabase::new().await;
    let store = PgStore::connect(&database.url()).await.unwrap();
    let mut transaction = store.pool().begin().await.unwrap();
    let early = Append::new(
        stream(TenantId::DEFAULT, "Account", "early"),
        Expect::NoStream,
        CommandId::new(),
        vec![NewEvent::new(
            "Noted",
            1,
            RawValue::from_string("\"early\"".into()).unwrap(),
        )],
        EncodedMetadata::new(Metadata::new()).unwrap(),
    );
    store.append_in(&mut transaction, early).await.unwrap();
    append(
        &store,
        &stream(TenantId::DEFAULT, "Account", "late"),
        &["\"late\""],
    )
    .await;

    let mut file = Vec::new();
    {
        let export = Export::new(&store);
        let mut export = pin!(export.write(&mut file));
        for _ in 0..50 {
            tokio::select! {
                biased;
                ended = &mut export => panic!("it must wait, not end with {ended:?}"),
                health = store.log_health() => assert_eq!(health.unwrap().writers.len(), 1),
            }
        }
        transaction.commit().await.unwrap();
        assert_eq!(export.await.unwrap().events, 2);
    }
    let text = String::from_utf8(file).unwrap();
    let place = |name: &str| text.find(name).unwrap();
    assert!(place("\"early\"") < place("\"late\""), "{text}");
}

/// A writer beside which a store grows by more than an export reads at once, whenever something is written.
struct Growing<'a> {
    store: &'a MemoryStore,
    written: Vec<Vec<u8>>,
}

impl AsyncWrite for Growing<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.push(bytes.to_vec());
        assert!(self.written.len() < 20, "it goes on without end");
        grow(self.store).now_or_never().expect("memory is at hand");
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// How many events each command has: no page ends with one.
const COMMAND: usize = 300;

async fn grow(store: &MemoryStore) {
    let stream = stream(TenantId::DEFAULT, "Account", "growing");
    for _ in 0..9 {
        append(store, &stream, &["1"; COMMAND]).await;
    }
}

#[tokio::test]
async fn an_export_ends_beside_writers_that_do_not() {
    let store = MemoryStore::new();
    grow(&store).await;
    let mut writer = Growing {
        store: &store,
        written: Vec::new(),
    };
    let exported = Export::new(&store).write(&mut writer).await.unwrap();
    assert!(
        (2_700..5_000).contains(&exported.events),
        "all there was, and no more than a page behind it: {exported:?}"
    );
    assert_eq!(exported.events % COMMAND as u64, 0, "whole commands");

    let mut rest = Vec::new();
    let after = Export::new(&store).after(exported.cursor);
    let later = after.write(&mut rest).await.unwrap();
    let file = writer.written.concat();
    let copy = MemoryStore::new();
    let first = Import::new(&copy).read(&mut &file[..]).await.unwrap();
    let second = Import::new(&copy).read(&mut &rest[..]).await.unwrap();
    let number = |count: usize| count as u64;
    assert_eq!((first.known, number(first.stored)), (0, exported.events));
    assert_eq!(number(second.stored + second.known), later.events);
    let end = store.log_health().await.unwrap().end;
    assert_eq!(
        number(first.stored + second.stored),
        end.get(),
        "none is lost"
    );
}

/// A writer during whose work a store receives events that the export has not seen at its beginning.
struct Importing<'a> {
    store: &'a MemoryStore,
    later: Vec<RecordedEvent>,
    file: Vec<u8>,
}

impl AsyncWrite for Importing<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.file.extend_from_slice(bytes);
        let later = std::mem::take(&mut self.later);
        if !later.is_empty() {
            let imported = self.store.import(later).now_or_never();
            imported.expect("memory is at hand").unwrap();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Also where a page of the tenant's events ends within a command, and others' events lie between those of the command.
#[tokio::test]
async fn an_export_of_one_tenant_ends_with_a_whole_command() {
    let (own, other) = (TenantId::from_name("own"), TenantId::from_name("other"));
    let source = MemoryStore::new();
    append(&source, &stream(own, "Account", "two"), &["1"; 1_500]).await;
    append(&source, &stream(own, "Account", "three"), &["1"; 498]).await;
    append(&source, &stream(own, "Account", "one"), &["1"; 3]).await;
    append(&source, &stream(other, "Account", "one"), &["1"; 4_500]).await;
    let mut order = log(&source).await;
    // The first page is full. The second one has two events of the command.
    let mut later = order.split_off(1_500);
    let mut others = later.split_off(501).into_iter();
    for event in later.split_off(498) {
        later.push(event);
        later.extend(others.by_ref().take(1_500));
    }
    let store = MemoryStore::new();
    store.import(std::mem::take(&mut order)).await.unwrap();
    let mut writer = Importing {
        store: &store,
        later,
        file: Vec::new(),
    };
    let export = Export::new(&store).tenant(own);
    let exported = export.write(&mut writer).await.unwrap();
    assert_eq!(exported.events, 2_001);
    let copy = MemoryStore::new();
    let imported = Import::new(&copy).read(&mut &writer.file[..]).await;
    assert_eq!(imported.unwrap().stored, 2_001);
}

/// Counts the bytes it gets, and the most at once.
#[derive(Default)]
struct Counting {
    bytes: usize,
    most: usize,
}

impl AsyncWrite for Counting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.bytes += bytes.len();
        self.most = self.most.max(bytes.len());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Even if events are large, few of them are held at once.
#[tokio::test]
async fn an_export_holds_a_few_megabytes() {
    const MIB: usize = 1024 * 1024;
    let payload = format!("\"{}\"", "x".repeat(MIB));
    for source in every_store().await {
        let store = source.store();
        for name in ["one", "two", "three", "four"] {
            append(
                store,
                &stream(TenantId::DEFAULT, "Account", name),
                &[&*payload; 5],
            )
            .await;
        }
        assert_eq!(store.log_health().await.unwrap().end.get(), 20, "{store:?}");
        let mut counting = Counting::default();
        let exported = Export::new(store).write(&mut counting).await.unwrap();
        assert_eq!(exported.events, 20);
        assert!(counting.bytes > 20 * MIB, "{}", counting.bytes);
        assert!(
            counting.most < 6 * MIB,
            "{store:?}: {} at once",
            counting.most
        );
    }
}
