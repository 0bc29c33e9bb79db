//! Events as another build of the program stored them, on each store there is.

use intent_runtime::{
    App, CommandId, Metadata, PgStore, RecordedEvent, SqliteStore, TenantId,
    prelude::*,
    store::{Append, EncodedMetadata, Expect, MemoryStore, NewEvent, ReadStream, StreamId},
};
use intent_tests::postgres::TempDatabase;
use serde_json::value::RawValue;

/// Runs a test on every store there is. It is given one app for each build of the program.
pub async fn on_every_store(test: impl AsyncFn(App)) {
    test(App::on(MemoryStore::new(), Domain::new()).await.unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("events.db").display());
    test(
        App::on(SqliteStore::connect(&url).await.unwrap(), Domain::new())
            .await
            .unwrap(),
    )
    .await;
    let database = TempDatabase::new().await;
    test(
        App::on(
            PgStore::connect(&database.url()).await.unwrap(),
            Domain::new(),
        )
        .await
        .unwrap(),
    )
    .await;
}

/// Appends raw events, each a name, a version and a payload, to the stream of an aggregate.
pub async fn append<A: Aggregate>(app: &App, id: Id<A>, events: &[(&'static str, u32, &str)]) {
    append_as(app, id, CommandId::new(), events).await;
}

/// The same, by a certain command.
pub async fn append_as<A: Aggregate>(
    app: &App,
    id: Id<A>,
    command_id: CommandId,
    events: &[(&'static str, u32, &str)],
) {
    let events = events.iter().map(|(name, version, payload)| {
        NewEvent::new(
            *name,
            *version,
            RawValue::from_string((*payload).to_owned()).unwrap(),
        )
    });
    let append = Append::new(
        StreamId::of(TenantId::DEFAULT, id),
        Expect::Any,
        command_id,
        events.collect(),
        EncodedMetadata::new(Metadata::new()).unwrap(),
    );
    app.store().append(append).await.unwrap();
}

/// The whole events of a stream, as they are stored.
pub async fn recorded<A: Aggregate>(app: &App, id: Id<A>) -> Vec<RecordedEvent> {
    let stream = StreamId::of(TenantId::DEFAULT, id);
    let mut events = Vec::new();
    let mut sink = |event| {
        events.push(event);
        std::ops::ControlFlow::Continue(())
    };
    let read = app
        .store()
        .read_events(ReadStream::all(&stream), &mut sink)
        .await;
    read.unwrap();
    events
}
