//! Compares what a lock records with what the code has.

use serde_json::{Value, json};

use crate::{
    model::kinds::{AggregateKind, EventKind},
    record::canonical_shape::shape,
    schema::{
        catalogue::Catalogue,
        lock::{
            change::change,
            format::{Blocks, Key, Part},
            names::{self, FORMERLY, likely_names, wrong_names},
            read_models::read_model,
            readers::misdeclared,
            report::{Difference, Refusal, Report, Update},
            steps::{untrue, wrong_keys},
        },
    },
};

/// Every difference in the aggregates of the catalogue. Other recorded aggregates belong to other checks.
pub(super) fn compare(recorded: &Blocks, catalogue: &Catalogue) -> Report {
    let mut differences = Vec::new();
    for kind in catalogue.aggregates() {
        let current = blocks(kind);
        let of_aggregate = recorded
            .iter()
            .filter(|(key, _)| key.is_of_aggregate())
            .filter(|(key, _)| key.aggregate == kind.name || is_former_event(kind, key));
        differences.extend(wrong_keys(kind, of_aggregate.clone()));
        differences.extend(untrue(kind, of_aggregate.clone(), |key| {
            match (recorded.get(key), current.get(key)) {
                // Another difference says so.
                (Some(recorded), Some(current)) if recorded != current => None,
                (recorded, current) => recorded.or(current).cloned(),
            }
        }));
        let wrong = wrong_names(kind, recorded, catalogue);
        let names_are_wrong = wrong.is_some();
        differences.extend(wrong);
        for (key, before) in of_aggregate {
            let is_said = key.part == Part::Aggregate && names_are_wrong;
            if !is_said && current.get(&todays(kind, key)) != Some(before) {
                differences.extend(change(kind, [recorded, &current], key));
            }
        }
        let events = kind.events.iter();
        differences
            .extend(events.filter_map(|event| misdeclared(kind, event, [recorded, &current])));
        for (key, shape) in &current {
            if !recorded.contains_key(key) && !is_lowered(kind, key, recorded) {
                let formerly = match key.part {
                    Part::Aggregate => likely_names(kind, [recorded, &current], catalogue),
                    _ => Vec::new(),
                };
                differences.push(new(key, shape, &formerly));
            }
        }
    }
    let read_models = catalogue.read_models().iter();
    differences.extend(read_models.filter_map(|kind| read_model(kind, recorded)));
    Report::new(differences)
}

/// A block that is not recorded. `formerly` are all names of the recorded aggregate that it may be by another name.
pub(super) fn new(key: &Key, shape: &Value, formerly: &[String]) -> Difference {
    let mut text = format!("    {key}\n");
    let mut update = Update::Record(key.clone(), shape.clone());
    if let Some(old) = formerly.last() {
        let attribute = names::attribute(formerly);
        text += &format!(
            "        which has the events of {old}, a recorded aggregate that this check does not name:\n        \
             if it is that one by another name, `{attribute}` finds its streams;\n        \
             if it is another and {old} lives on, name both in one check;\n        \
             if it is another and {old} is given up, delete the blocks of {old} from `intent.lock`\n"
        );
        update = Update::Refuse(Refusal::Names);
    }
    Difference {
        text,
        update,
        is_new: true,
    }
}

/// Whether a block records an event under a former name of the aggregate. Commands and snapshots under that name no longer
/// matter.
fn is_former_event(kind: &AggregateKind, key: &Key) -> bool {
    key.of_event().is_some() && kind.formerly.contains(&key.aggregate.as_str())
}

/// The key with today's names of the aggregate and the event.
pub(super) fn todays(kind: &AggregateKind, key: &Key) -> Key {
    let Some((name, version)) = key.of_event() else {
        return key.clone();
    };
    let name = kind.event(name).map_or(name, |event| event.name);
    Key::event(kind.name, name, version)
}

/// The blocks of an aggregate as the code has it.
fn blocks(kind: &AggregateKind) -> Blocks {
    let aggregate = kind.name;
    let mut itself = json!({});
    if let Some(version) = kind.snapshot_version {
        itself["snapshot"] = json!(version);
    }
    if !kind.formerly.is_empty() {
        itself[FORMERLY] = json!(kind.formerly);
    }
    itself.sort_all_objects();
    let mut blocks = Blocks::from([(Key::aggregate(aggregate), itself)]);
    for event in kind.events.iter().chain(&kind.split) {
        for version in with_predecessors(event) {
            // A predecessor may have a former name, and is a version of the same event.
            let key = Key::event(aggregate, event.name, version.version);
            blocks.insert(key, shape(version.shape));
        }
    }
    for command in &kind.commands {
        let key = Key::command(aggregate, command.name);
        blocks.insert(key, shape(command.shape));
    }
    blocks
}

/// Every version of an event that has a struct.
fn with_predecessors(kind: &EventKind) -> Vec<EventKind> {
    let mut kinds = kind.predecessors();
    kinds.push(*kind);
    kinds
}

/// The newest recorded version of an event, 0 if there is none.
pub(super) fn newest(recorded: &Blocks, aggregate: &str, event: &str) -> u32 {
    let keys = recorded.keys().filter(|key| key.aggregate == aggregate);
    let events = keys.filter_map(Key::of_event);
    let versions = events.filter_map(|(name, version)| (name == event).then_some(version));
    versions.max().unwrap_or(0)
}

/// Whether a block is today's version of an event that has a newer version on record. Another difference says so.
fn is_lowered(kind: &AggregateKind, key: &Key, recorded: &Blocks) -> bool {
    key.of_event().is_some_and(|(name, version)| {
        let mut events = kind.events.iter();
        let is_todays = events.any(|event| event.name == name && event.version == version);
        is_todays && newest(recorded, kind.name, name) > version
    })
}
