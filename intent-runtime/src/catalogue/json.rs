//! The catalogue as JSON, for programs.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{AggregateKind, Catalogue, CommandKind, Emits};
use crate::EventKind;

impl Catalogue {
    /// The catalogue as JSON: for each aggregate its name, doc comment and snapshot version; for each of its events the
    /// version, the JSON Schema, whether it creates the aggregate and which fields it changes (`null` where that is not
    /// known); for each of its commands the JSON Schema and the events it may emit (`"any"`, or `null` where that is not
    /// known).
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// use intent_runtime::Catalogue;
    ///
    /// let json = Catalogue::new().with::<Account>()?.to_json();
    /// let withdraw = &json["aggregates"][0]["commands"][2];
    /// assert_eq!(withdraw["name"], "Withdraw");
    /// assert_eq!(withdraw["emits"][0], "Withdrawn");
    /// # Ok::<(), intent_runtime::RegisterError>(())
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
    let commands: Vec<Value> = kind.commands.iter().map(command).collect();
    json!({
        "name": kind.name,
        "doc": kind.doc,
        "snapshot_version": kind.snapshot_version,
        "events": events,
        "commands": commands,
    })
}

fn event(kind: &EventKind) -> Value {
    json!({
        "name": kind.name,
        "version": kind.version,
        "doc": kind.doc,
        "creates": kind.creates,
        "changes": kind.changes,
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
        "schema": kind.shape.whole(),
    })
}
