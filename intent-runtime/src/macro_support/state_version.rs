//! The version of an aggregate's state, which distinguishes the states of two builds: see
//! [`Snapshot::version`](crate::Snapshot::version).

use std::panic;

use schemars::JsonSchema;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    model::{aggregate::Aggregate, kinds::EventKind, shown::ToJson},
    record::{canonical_shape, shape::Shape},
};

/// How often a value with a list in it is made. The list may come from a `HashSet`, whose order changes from value to value.
/// With two entries, all these values have the same order by chance once in 2^31 processes.
const MAKINGS: usize = 32;

/// A field, and the function that makes the JSON of its value.
pub type FieldValue = (&'static str, fn() -> String);

/// A value that a state gets from the code and not from an event, such as a default: its JSON, with the keys of objects sorted. It is
/// empty for a type without `Serialize`. The compiler reports that type elsewhere, and must not do so twice.
pub fn given(json: Option<&dyn ToJson>) -> String {
    let written = json.map(|value| {
        let mut value: Value = serde_json::from_str(value.to_json()?.get())?;
        value.sort_all_objects();
        Ok(value.to_string())
    });
    // A state with a value that cannot be written has no snapshots.
    written.map_or_else(String::new, |written| {
        written.unwrap_or_else(|error: serde_json::Error| error.to_string())
    })
}

/// The version of the state of `A`: a hash of its shape `S`, of the macro's hash of the `rules`, of each event that changes the
/// state, and of the `given` values. Never 0.
pub fn state_version<A: Aggregate, S: JsonSchema>(
    rules: u32,
    events: &[EventKind],
    given: &[FieldValue],
) -> u32 {
    let mut hash = Sha256::new();
    hash.update(rules.to_be_bytes());
    for event in events {
        hash.update(event.name);
        // It ends the name: neither names nor JSON have it.
        hash.update([0]);
        hash.update(event.version.to_be_bytes());
        hash.update(shape::<A>(event.name, event.shape));
    }
    hash.update(shape::<A>("the state", Shape::of::<S>()));
    for (field, make) in given {
        if let Some(value) = settled::<A>(field, make, has_list) {
            hash.update(field);
            hash.update([0]);
            hash.update(value);
        }
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    u32::from_be_bytes([a, b, c, d]).max(1)
}

/// The shape with its defaults, or without them if they differ from call to call.
fn shape<A: Aggregate>(whose: &str, shape: Shape) -> String {
    let make = || canonical_shape::canonical(shape, true).to_string();
    settled::<A>(whose, make, default_has_list)
        .unwrap_or_else(|| canonical_shape::shape(shape).to_string())
}

/// The JSON that `make` returns at every call. Where only the order of lists differs, as with a `HashSet`, the lists are
/// sorted. `None` where the content differs, as with a default that is the time, which would make every snapshot stale.
fn settled<A: Aggregate>(
    whose: &str,
    make: impl Fn() -> String + panic::RefUnwindSafe,
    may_be_reordered: fn(&Value) -> bool,
) -> Option<String> {
    // A default that panics must not end the comparison of snapshots.
    let made = || panic::catch_unwind(&make).ok();
    let parsed = |json: &String| serde_json::from_str::<Value>(json).ok();
    if let Some(first) = made() {
        let value = parsed(&first);
        let more = match &value {
            Some(value) if may_be_reordered(value) => MAKINGS - 1,
            _ => 1,
        };
        let others: Vec<_> = (0..more).map(|_| made()).collect();
        if others.iter().all(|other| other.as_ref() == Some(&first)) {
            return Some(first);
        }
        let sorted = value.map(with_sorted_lists);
        let same = |other: &Option<String>| {
            let other = other.as_ref().and_then(parsed);
            other.map(with_sorted_lists) == sorted
        };
        if let Some(sorted) = &sorted
            && others.iter().all(same)
        {
            return Some(sorted.to_string());
        }
    }
    tracing::warn!(
        aggregate = A::TYPE,
        whose,
        "a default differs from call to call: snapshots do not become stale when it changes"
    );
    None
}

/// Whether there is a list of several entries.
fn has_list(json: &Value) -> bool {
    match json {
        Value::Array(entries) => entries.len() > 1 || entries.iter().any(has_list),
        Value::Object(object) => object.values().any(has_list),
        _ => false,
    }
}

/// Whether a JSON Schema has a default with such a list. The schema's own lists, such as `required`, have a fixed order.
fn default_has_list(schema: &Value) -> bool {
    match schema {
        Value::Array(schemas) => schemas.iter().any(default_has_list),
        Value::Object(object) => object
            .iter()
            .any(|(key, value)| key == "default" && has_list(value) || default_has_list(value)),
        _ => false,
    }
}

fn with_sorted_lists(json: Value) -> Value {
    match json {
        Value::Array(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(with_sorted_lists).collect();
            entries.sort_by_cached_key(Value::to_string);
            Value::Array(entries)
        }
        Value::Object(object) => {
            let entries = object.into_iter();
            let sorted = entries.map(|(key, value)| (key, with_sorted_lists(value)));
            Value::Object(sorted.collect())
        }
        json => json,
    }
}
