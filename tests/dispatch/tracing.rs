//! Commands and loads are traced.

use std::sync::{Arc, Mutex};

use ::tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id as SpanId, Record},
    subscriber,
};
use intent_runtime::{App, store::MemoryStore};

use super::{
    domain::*,
    fixture::{opened, registered},
};

/// Remembers the names of the spans it is shown.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<&'static str>>>);

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("intent_runtime")
    }

    fn new_span(&self, span: &Attributes<'_>) -> SpanId {
        let mut names = self.0.lock().unwrap();
        names.push(span.metadata().name());
        SpanId::from_u64(names.len() as u64)
    }

    fn record(&self, _: &SpanId, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &SpanId, _: &SpanId) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &SpanId) {}
    fn exit(&self, _: &SpanId) {}
}

#[test]
fn each_call_has_a_span() {
    let spans = Spans::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    subscriber::with_default(spans.clone(), || {
        runtime.block_on(async {
            let app = registered(App::new(MemoryStore::new()));
            let id = opened(&app).await;
            // Another test may be the first to meet one of the spans, at this very moment and without a subscriber. What is
            // remembered of it then is forgotten at the next try.
            for _ in 0..100 {
                ::tracing::callsite::rebuild_interest_cache();
                spans.0.lock().unwrap().clear();
                app.send(Deposit { id, amount: 1 }).await.unwrap();
                app.load(id).await.unwrap();
                app.snapshot(id).await.unwrap();
                if spans.0.lock().unwrap().len() == 3 {
                    break;
                }
                std::thread::yield_now();
            }
        });
    });
    let names = spans.0.lock().unwrap();
    assert_eq!(*names, ["intent.send", "intent.load", "intent.snapshot"]);
}
