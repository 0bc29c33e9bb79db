//! Stores to go between, and histories to take along.

use std::{any::Any, ops::ControlFlow};

use intent_runtime::{
    AggregateId, App, CommandId, Cursor, Domain, EventId, MemoryStore, Metadata, PgStore, Position,
    RecordedEvent, SqliteStore, TenantId, Timestamp, Version,
    store::{
        Append, EncodedMetadata, Expect, LogSelection, NewEvent, NextPage, ReadLog, Store,
        StoredMetadata, StreamId,
    },
};
use intent_tests::postgres::TempDatabase;
use serde_json::value::RawValue;
use uuid::Uuid;

/// An app on a store, with what must live as long.
pub struct Opened {
    pub app: App,
    _guard: Box<dyn Any>,
}

impl Opened {
    async fn new(store: impl Store, guard: impl Any) -> Self {
        Self {
            app: App::on(store, Domain::new()).await.unwrap(),
            _guard: Box::new(guard),
        }
    }

    pub fn store(&self) -> &dyn Store {
        self.app.store()
    }
}

/// An empty store of each kind.
pub async fn every_store() -> [Opened; 3] {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    let database = TempDatabase::new().await;
    let sqlite = SqliteStore::connect(&url).await.unwrap();
    let postgres = PgStore::connect(&database.url()).await.unwrap();
    [
        Opened::new(MemoryStore::new(), ()).await,
        Opened::new(sqlite, folder).await,
        Opened::new(postgres, database).await,
    ]
}

pub fn stream(tenant_id: TenantId, aggregate_type: &'static str, name: &str) -> StreamId {
    StreamId {
        tenant_id,
        aggregate_type: aggregate_type.into(),
        aggregate_id: AggregateId::from_uuid(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())),
    }
}

pub async fn append(store: &dyn Store, stream: &StreamId, payloads: &[&str]) {
    let event = |payload: &&str| {
        NewEvent::new(
            "Noted",
            3,
            RawValue::from_string((*payload).to_owned()).unwrap(),
        )
    };
    let command_id = CommandId::new();
    let mut metadata = Metadata::new().actor("ädä \u{0}").tag("k", "v");
    metadata.command_id = Some(command_id);
    if stream.tenant_id != TenantId::DEFAULT {
        // These happened earlier than they are stored.
        metadata.timestamp = Some("2020-01-01T00:00:00Z".parse().unwrap());
    }
    let append = Append::new(
        stream.clone(),
        Expect::Any,
        command_id,
        payloads.iter().map(event).collect(),
        EncodedMetadata::new(metadata).unwrap(),
    );
    store.append(append).await.unwrap();
}

/// Two tenants, three streams that take turns, and payloads that a careless format would change.
pub async fn fill(store: &dyn Store) {
    let branch = TenantId::from_name("eindhoven");
    let streams = [
        stream(TenantId::DEFAULT, "Account", "one"),
        stream(branch, "Account", "one"),
        stream(TenantId::DEFAULT, "Loan", "two"),
    ];
    let payloads = [
        "null",
        r#"{"n":0.123456789012345678901234567890}"#,
        "{ \"a\" :\t[ 1 ,\n 2 ]\r\n}",
        r#""\u0000\u001e\uD83D\uDE00\/""#,
        "\"\u{7f}\u{2028}\u{feff}\u{10ffff}\"",
        r#"{"sum":"0123456789abcdef"}"#,
        r#"{"b":1,"a":2,"b":3}"#,
    ];
    for (turn, payload) in payloads.iter().enumerate() {
        append(store, &streams[turn % 3], &[payload, "2"]).await;
    }
}

/// The whole log.
pub async fn log(store: &dyn Store) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), Cursor::START);
    loop {
        let filter = LogSelection::all();
        let read = ReadLog::new(after, None, &filter, 1_000);
        let mut sink = |event| {
            events.push(event);
            ControlFlow::Continue(())
        };
        let page = store.read_log(read, &mut sink).await.unwrap();
        after = page.cursor;
        if page.next == NextPage::End {
            return events;
        }
    }
}

/// The only event of a stream of its own, with metadata as another build wrote it.
pub fn recorded(metadata: &str) -> RecordedEvent {
    let command = CommandId::new();
    RecordedEvent::new(
        Position::new(0),
        EventId::of(command, 0),
        stream(TenantId::DEFAULT, "Account", &command.to_string()),
        Version::FIRST,
        "Noted",
        1,
        "1".into(),
        StoredMetadata::from_json(metadata),
        Timestamp::from_micros(0).unwrap(),
        Timestamp::from_micros(0).unwrap(),
    )
}
