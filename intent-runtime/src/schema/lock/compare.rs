//! What a lock records beside what the code has.

use serde_json::{Value, json};

use crate::{
    model::{
        kinds::{AggregateKind, EventKind},
        upcast::DecodeError,
    },
    record::canonical_shape::shape,
    schema::{
        catalogue::Catalogue,
        lock::{
            format::{Blocks, Key, Part},
            names::{FORMERLY, likely_names, wrong_names},
            readers::Misdeclared,
            report::{Difference, Reader, Report},
            steps::{untrue, wrong_keys},
        },
    },
};

/// Every difference in the aggregates of the catalogue; what else is recorded is another check's.
pub(super) fn compare(recorded: &Blocks, catalogue: &Catalogue) -> Report {
    let mut differences = Vec::new();
    for kind in catalogue.aggregates() {
        let current = blocks(kind);
        let of_aggregate = recorded
            .iter()
            .filter(|(key, _)| key.aggregate == kind.name || is_former_event(kind, key));
        differences.extend(wrong_keys(kind, of_aggregate.clone()));
        differences.extend(untrue(kind, of_aggregate.clone(), |key| {
            match (recorded.get(key), current.get(key)) {
                // That is said already.
                (Some(recorded), Some(current)) if recorded != current => None,
                (recorded, current) => recorded.or(current).cloned(),
            }
        }));
        let wrong = wrong_names(kind, recorded, catalogue);
        let names_are_wrong = wrong.is_some();
        differences.extend(wrong.map(Difference::WrongNames));
        for (key, before) in of_aggregate {
            if key.part == Part::Aggregate && names_are_wrong {
                continue;
            }
            let now = current.get(&todays(kind, key));
            if now != Some(before) {
                differences.extend(change(kind, [recorded, &current], key));
            }
        }
        let declared = kind.events.iter();
        let declared =
            declared.filter_map(|event| Misdeclared::of(kind, event, [recorded, &current]));
        differences.extend(declared.map(|what| Difference::Misdeclared(Box::new(what))));
        for (key, shape) in &current {
            if !recorded.contains_key(key) && !is_lowered(kind, key, recorded) {
                differences.push(Difference::New {
                    key: key.clone(),
                    shape: shape.clone(),
                    formerly: match key.part {
                        Part::Aggregate => likely_names(kind, [recorded, &current], catalogue),
                        _ => Vec::new(),
                    },
                });
            }
        }
    }
    Report::new(differences)
}

/// Whether a block is that of an event which was stored under a former name of the aggregate. Commands and snapshots of
/// that time matter no more.
fn is_former_event(kind: &AggregateKind, key: &Key) -> bool {
    matches!(key.part, Part::Event { .. }) && kind.formerly.contains(&key.aggregate.as_str())
}

/// The key of what a block is about by today's names of the aggregate and its event.
fn todays(kind: &AggregateKind, key: &Key) -> Key {
    match &key.part {
        Part::Event { name, version } => {
            let name = kind.event(name).map_or(name.as_str(), |event| event.name);
            Key::event(kind.name, name, *version)
        }
        _ => key.clone(),
    }
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
            // A predecessor may bear a former name; it is a version of the event all the same.
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

/// What has become of a block that is not in the code as it is recorded, if that matters. An event of an older version
/// need only be readable.
fn change(
    kind: &AggregateKind,
    [recorded, current]: [&Blocks; 2],
    key: &Key,
) -> Option<Difference> {
    let before = recorded.get(key)?;
    let now = current.get(&todays(kind, key)).cloned();
    let key = key.clone();
    match (&key.part, now) {
        (Part::Event { name, version }, Some(current)) => {
            let todays = kind.event(name);
            let reader = match todays.filter(|event| event.version == *version) {
                None => Reader::Predecessor,
                Some(event) if event.predecessors().is_empty() => Reader::Steps,
                Some(_) => Reader::Structs,
            };
            Some(Difference::Changed {
                key,
                recorded: before.clone(),
                current,
                reader,
            })
        }
        (Part::Event { name, version }, None) => {
            let reason = kind.unreadable(name, *version)?;
            let alike = match reason {
                // One word on an event that is gone is enough, whatever versions of it there were.
                DecodeError::UnknownEvent { .. }
                    if newest(recorded, &key.aggregate, name) > *version =>
                {
                    return None;
                }
                DecodeError::UnknownEvent { .. } => new_and_alike(current, kind, before),
                _ => None,
            };
            Some(Difference::Unreadable { key, reason, alike })
        }
        (_, Some(current)) => Some(Difference::Replaced {
            key,
            recorded: before.clone(),
            current,
        }),
        (_, None) => Some(Difference::Gone { key }),
    }
}

/// The newest recorded version of an event, 0 if there is none.
pub(super) fn newest(recorded: &Blocks, aggregate: &str, event: &str) -> u32 {
    let versions = recorded.keys().filter_map(|key| match &key.part {
        Part::Event { name, version } if key.aggregate == aggregate && name == event => {
            Some(*version)
        }
        _ => None,
    });
    versions.max().unwrap_or(0)
}

/// Whether a block is that of today's version of an event which has a newer one on record: what is wrong is the version.
fn is_lowered(kind: &AggregateKind, key: &Key, recorded: &Blocks) -> bool {
    let Part::Event { name, version } = &key.part else {
        return false;
    };
    let mut events = kind.events.iter();
    let is_todays = events.any(|event| event.name == name && event.version == *version);
    is_todays && newest(recorded, kind.name, name) > *version
}

/// An event of the aggregate that has the shape of one that is no longer there: most likely the same by another name.
fn new_and_alike(current: &Blocks, kind: &AggregateKind, before: &Value) -> Option<&'static str> {
    let events = kind.events.iter();
    let mut alike = events.filter(|event| {
        current.get(&Key::event(kind.name, event.name, event.version)) == Some(before)
    });
    alike.next().map(|event| event.name)
}
