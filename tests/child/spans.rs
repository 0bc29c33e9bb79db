//! Prints the spans of a command, a load and a snapshot, one a line.
//!
//! The first call in a process decides whether anybody wants a span. So this is a process of its own, with the subscriber set
//! before that call.

use std::sync::atomic::{AtomicU64, Ordering};

use intent_runtime::{App, prelude::*, store::MemoryStore};
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id as SpanId, Record},
    subscriber,
};

#[derive(Aggregate)]
#[aggregate(created_by(Lit), snapshot(every = 10))]
struct Lamp {
    #[id]
    id: Id<Lamp>,
}

#[event]
struct Lit;

#[commands]
impl Lamp {
    #[create]
    fn light() -> Lit {
        Lit
    }
}

/// Prints the names of the spans it is shown.
#[derive(Default)]
struct Printed(AtomicU64);

impl Subscriber for Printed {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("intent_runtime")
    }

    fn new_span(&self, span: &Attributes<'_>) -> SpanId {
        println!("{}", span.metadata().name());
        SpanId::from_u64(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &SpanId, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &SpanId, _: &SpanId) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &SpanId) {}
    fn exit(&self, _: &SpanId) {}
}

pub async fn print() {
    subscriber::set_global_default(Printed::default()).unwrap();
    let app = App::on(MemoryStore::new(), Domain::of::<Lamp>())
        .await
        .unwrap();
    let id = Id::new();
    app.send(Light { id }).await.unwrap();
    app.load(id).await.unwrap();
    app.snapshot(id).await.unwrap();
}
