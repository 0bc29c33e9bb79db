//! What tells the state of one build from that of another: see [`Snapshot::version`](crate::Snapshot::version).

use std::panic;

use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{Aggregate, Event, catalogue::Shape, lock};

/// An event, as far as the version of the state goes.
#[derive(Debug)]
pub struct StateEvent {
    name: &'static str,
    version: u32,
    shape: Shape,
}

impl StateEvent {
    pub(crate) const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            version: E::VERSION,
            shape: Shape::of::<E>(),
        }
    }
}

/// A value that a state is made with although no event says so.
#[derive(Debug)]
pub struct Given<T>(pub T);

impl<T: Serialize> Given<T> {
    /// The JSON of the value, the same for equal ones whose order JSON knows.
    pub fn json(&self) -> String {
        match serde_json::to_value(&self.0) {
            Ok(mut value) => {
                value.sort_all_objects();
                value.to_string()
            }
            // Then there are no snapshots of a state that has it.
            Err(error) => error.to_string(),
        }
    }
}

/// A field, and what makes the JSON of a value that is given for it.
pub type FieldValue = (&'static str, fn() -> String);

/// Stands in for [`Given::json`] where the type cannot be written. That is an error elsewhere, and must not be another here.
pub trait NotWritten {
    /// Nothing.
    fn json(&self) -> String;
}

impl<T> NotWritten for Given<T> {
    fn json(&self) -> String {
        String::new()
    }
}

/// The version of the state of `A`, of shape `S`: a hash of the shape, of what the macro knows of the `rules`, of each event
/// that changes the state, and of the values that are `given`, each the name of its field and what makes its JSON; never 0.
pub fn state_version<A: Aggregate, S: JsonSchema>(
    rules: u32,
    events: &[StateEvent],
    given: &[FieldValue],
) -> u32 {
    let mut hash = Sha256::new();
    hash.update(rules.to_be_bytes());
    for event in events {
        hash.update(event.name);
        // No name has it, and no JSON.
        hash.update([0]);
        hash.update(event.version.to_be_bytes());
        hash.update(shape::<A>(event.name, event.shape));
    }
    hash.update(shape::<A>("the state", Shape::of::<S>()));
    for (field, make) in given {
        if let Some(value) = settled::<A>(field, make) {
            hash.update(field);
            hash.update([0]);
            hash.update(value);
        }
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    u32::from_be_bytes([a, b, c, d]).max(1)
}

/// The shape with its defaults, or without them where they are others at every call.
fn shape<A: Aggregate>(whose: &str, shape: Shape) -> String {
    settled::<A>(whose, || lock::shape_with_defaults(shape).to_string())
        .unwrap_or_else(|| lock::shape(shape).to_string())
}

/// What two calls make alike. If all snapshots were stale whenever a default is the time or a random number, there would be
/// no use in them; and a replay has no right value for such a field either.
fn settled<A: Aggregate>(
    whose: &str,
    make: impl Fn() -> String + panic::RefUnwindSafe,
) -> Option<String> {
    // A value that panics is made when the state needs it, not when snapshots are compared.
    let made = || panic::catch_unwind(&make).ok();
    let first = made();
    if first.is_some() && first == made() {
        return first;
    }
    tracing::warn!(
        aggregate = A::TYPE,
        whose,
        "a default differs from call to call: snapshots do not become stale when it changes"
    );
    None
}
