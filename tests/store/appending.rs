//! Appends for tests of what only one store does.

use std::{future::poll_fn, task::Poll};

use intent_runtime::{
    AggregateId, CommandId, Metadata, TenantId, Version,
    store::{Append, EncodedMetadata, Expect, NewEvent, NewSnapshot, StoreFuture, StreamId},
};
use serde_json::value::RawValue;
use uuid::Uuid;

/// A stream that nothing else uses.
pub fn stream() -> StreamId {
    StreamId {
        tenant_id: TenantId::DEFAULT,
        aggregate_type: "Account".into(),
        aggregate_id: AggregateId::from_uuid(Uuid::now_v7()),
    }
}

/// An append of some events that expects nothing.
pub fn append(stream: &StreamId, events: usize) -> Append {
    with_payloads(stream, &vec!["{}"; events])
}

pub fn append_payload(stream: &StreamId, payload: &str) -> Append {
    with_payloads(stream, &[payload])
}

fn with_payloads(stream: &StreamId, payloads: &[&str]) -> Append {
    let event = |payload: &&str| {
        NewEvent::new(
            "Deposited",
            1,
            RawValue::from_string((*payload).to_owned()).unwrap(),
        )
    };
    Append::new(
        stream.clone(),
        Expect::Any,
        CommandId::new(),
        payloads.iter().map(event).collect(),
        EncodedMetadata::new(Metadata::new()).unwrap(),
    )
}

/// Polls a call of a store once, which is not done by then.
pub async fn begin<T>(call: &mut StoreFuture<'_, T>) {
    assert!(is_begun(call).await, "it is done at once");
}

/// Polls a call of a store once. Whether it is not done by then.
pub async fn is_begun<T>(call: &mut StoreFuture<'_, T>) -> bool {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await
}

/// A snapshot of next to nothing.
pub fn snapshot(version: Version) -> NewSnapshot {
    NewSnapshot::new(version, 1, RawValue::from_string("{}".into()).unwrap())
}
