//! The catalogue as JSON, for programs.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    model::{
        emits::Emits,
        kinds::{AggregateKind, CommandKind, EventKind},
    },
    schema::catalogue::Catalogue,
};

impl Catalogue {
    /// The catalogue as JSON. Each aggregate has its name, former names, doc comment and snapshot version. Each of its events
    /// has its version, the oldest version whose readers can read it (`null` if only its own can), its former names, its JSON
    /// Schema, whether it creates the aggregate, and which fields it changes (`null` if that is not known). Each of its
    /// commands has its JSON Schema, the events it may emit (`"any"`, or `null` if that is not known) and the roles that may
    /// send it (`allowed`, empty if everybody may). Past events are listed apart: `split` has those that are read as others,
    /// and `retired` the names of those that are read as nothing.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::prelude::*;
    ///
    /// let json = Domain::of::<Account>().catalogue().to_json();
    /// let withdraw = &json["aggregates"][0]["commands"][2];
    /// assert_eq!(withdraw["name"], "Withdraw");
    /// assert_eq!(withdraw["emits"][0], "Withdrawn");
    /// ```
    pub fn to_json(&self) -> Value {
        let aggregates: Vec<Value> = self.aggregates().iter().map(aggregate).collect();
        json!({ "aggregates": aggregates })
    }
}

impl Serialize for Catalogue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

fn aggregate(kind: &AggregateKind) -> Value {
    let events: Vec<Value> = kind.events.iter().map(event).collect();
    let split: Vec<Value> = kind.split.iter().map(past).collect();
    let commands: Vec<Value> = kind.commands.iter().map(command).collect();
    json!({
        "name": kind.name,
        "formerly": kind.formerly,
        "doc": kind.doc,
        "snapshot_version": kind.snapshot_version,
        "events": events,
        "split": split,
        "retired": kind.retired,
        "commands": commands,
    })
}

fn event(kind: &EventKind) -> Value {
    let mut event = past(kind);
    event["creates"] = json!(kind.creates);
    event["changes"] = json!(kind.changes);
    event
}

/// A past event, which creates and changes nothing itself. Every event has these keys.
fn past(kind: &EventKind) -> Value {
    json!({
        "name": kind.name,
        "formerly": kind.formerly,
        "version": kind.version,
        "readable_by": kind.readable_by,
        "doc": kind.doc,
        "schema": kind.shape.whole(),
    })
}

fn command(kind: &CommandKind) -> Value {
    let emits = match kind.emits() {
        Emits::Unknown => Value::Null,
        Emits::Any => json!("any"),
        Emits::Events(names) => json!(names),
    };
    json!({
        "name": kind.name,
        "doc": kind.doc,
        "emits": emits,
        "allowed": kind.allowed,
        "schema": kind.shape.whole(),
    })
}
