//! The catalogue as JSON, for programs.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    model::{
        emits::Emits,
        kinds::{AggregateKind, CommandKind, EventKind},
        read_model::kind::ReadModelKind,
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
    /// Each of the `read_models` has the name of its table, its version and doc comment, whether its rows are written with the events (`inline`), its
    /// columns (each with its name and kind, whether it may be empty, has an index, is unique, and is a part of the key), the events that change its rows, and the roles that may read them,
    /// each with the column of its own rows (`null` if it reads all).
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
        let read_models: Vec<Value> = self.read_models().iter().map(read_model).collect();
        json!({ "aggregates": aggregates, "read_models": read_models })
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

fn read_model(kind: &ReadModelKind) -> Value {
    let columns = kind.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "kind": column.kind.name(),
            "nullable": column.nullable,
            "indexed": column.indexed,
            "unique": column.unique,
            "key": column.key,
        })
    });
    let events = kind.events.iter();
    let events = events.map(|(aggregate, event)| json!({ "aggregate": aggregate, "event": event }));
    let access = kind.access.iter();
    let access = access.map(|rule| json!({ "role": rule.role, "own": rule.own }));
    json!({
        "table": kind.table,
        "version": kind.version,
        "doc": kind.doc,
        "inline": kind.inline,
        "columns": columns.collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
        "access": access.collect::<Vec<_>>(),
    })
}
