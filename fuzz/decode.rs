//! Decoding stored events: whatever a store holds, it is an event of today or an error, and never a panic.
//!
//! An input is a stored event: its name, a space, the version of its shape, a line break, its payload.

#![no_main]

#[path = "../tests/golden/domain.rs"]
#[allow(dead_code, reason = "only its events are decoded here")]
mod domain;

use domain::ParcelEvent;
use intent_runtime::{JsonObject, model::AggregateEvent};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let payload = &input[end + 1..];
    check_object(payload);
    let head = String::from_utf8_lossy(&input[..end]);
    let Some((name, version)) = head.rsplit_once(' ') else {
        return;
    };
    let Ok(version) = version.parse() else {
        return;
    };
    if let Ok(events) = ParcelEvent::decode(name, version, payload) {
        for event in events {
            check_event(&event);
        }
    }
});

/// An event that was read can be stored, and is then read as itself.
fn check_event(event: &ParcelEvent) {
    let payload = event
        .encode()
        .expect("an event that was read can be written");
    let payload = payload.get().as_bytes();
    let again = ParcelEvent::decode(event.name(), event.schema_version(), payload);
    let again = again.expect("what was written can be read");
    assert_eq!(again.one().as_ref(), Some(event));
}

/// An object that was read is written as JSON, which is read as the same.
fn check_object(payload: &[u8]) {
    let Ok(object) = JsonObject::parse(payload) else {
        return;
    };
    let text = object.to_string();
    let again = JsonObject::parse(text.as_bytes()).expect("what was written can be read");
    assert_eq!(again.to_string(), text);
    let keys: Vec<&str> = object.keys().collect();
    assert!(keys.iter().all(|key| object.contains(key)));
}
