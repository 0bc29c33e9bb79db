//! Whether an aggregate still lists all names that it was stored under.

use serde_json::{Value, json};

use crate::{
    model::kinds::AggregateKind,
    schema::{
        catalogue::Catalogue,
        lock::{
            compare::newest,
            format::{Blocks, Key, Part},
            report::{Difference, RECORDED_AND_CODE, Refusal, lines},
        },
    },
};

/// What the block of an aggregate calls its former names.
pub(super) const FORMERLY: &str = "formerly";

/// A difference if the aggregate lacks a recorded name, or has another oldest name. Newer names may follow.
pub(super) fn wrong_names(
    kind: &AggregateKind,
    recorded: &Blocks,
    catalogue: &Catalogue,
) -> Option<Difference> {
    let is_another = |name: &str| {
        let mut kinds = catalogue.aggregates().iter();
        name != kind.name && kinds.any(|kind| kind.name == name)
    };
    let now: Vec<String> = kind
        .formerly
        .iter()
        .chain([&kind.name])
        .map(|name| (*name).to_owned())
        .collect();
    let named = aggregates(recorded).filter(|(key, names)| {
        !is_another(&key.aggregate) && names.iter().any(|name| kind.is_named(name))
    });
    let wrong = named.filter(|(_, recorded)| {
        recorded.first() != now.first() || recorded.iter().any(|name| !now.contains(name))
    });
    // Each name has a block. That of the last name lists all of them.
    let (key, recorded) = wrong.max_by_key(|(_, names)| names.len())?;
    let text = lost_or_older(key, &recorded, &now, kind.name);
    Some(Difference::refused(Refusal::Names, text))
}

/// All names of the recorded aggregate that a new one most likely is under another name: the check does not name it, and the
/// two share at least half of the events of each. Empty if there is none.
pub(super) fn likely_names(
    kind: &AggregateKind,
    [recorded, current]: [&Blocks; 2],
    catalogue: &Catalogue,
) -> Vec<String> {
    let is_recorded = |name: &&str| recorded.contains_key(&Key::aggregate(name));
    if kind.formerly.iter().any(is_recorded) {
        return Vec::new();
    }
    let kinds = catalogue.aggregates();
    let unchecked = aggregates(recorded)
        .filter(|(key, _)| !kinds.iter().any(|kind| kind.is_named(&key.aggregate)));
    let alike = unchecked.filter(|(old, _)| {
        let shared = kind.events.iter().filter(|event| {
            let now = current.get(&Key::event(kind.name, event.name, event.version));
            event
                .names()
                .any(|name| match newest(recorded, &old.aggregate, name) {
                    0 => false,
                    before if before == event.version => {
                        recorded.get(&Key::event(&old.aggregate, name, before)) == now
                    }
                    before => before < event.version,
                })
        });
        let shared = shared.count() * 2;
        shared > 0 && shared >= kind.events.len() && shared >= events(recorded, &old.aggregate)
    });
    let names = alike.map(|(_, names)| names);
    names.max_by_key(Vec::len).unwrap_or_default()
}

/// The recorded aggregates, each with all names that its block lists, the oldest first.
fn aggregates(recorded: &Blocks) -> impl Iterator<Item = (&Key, Vec<String>)> {
    let blocks = recorded.iter();
    let aggregates = blocks.filter(|(key, _)| key.part == Part::Aggregate);
    aggregates.map(|(key, block)| {
        let formerly = block.get(FORMERLY).and_then(Value::as_array);
        let formerly = formerly.into_iter().flatten().filter_map(Value::as_str);
        let names = formerly.chain([key.aggregate.as_str()]);
        (key, names.map(str::to_owned).collect())
    })
}

/// How many events are recorded of an aggregate, each once.
fn events(recorded: &Blocks, aggregate: &str) -> usize {
    let keys = recorded.keys().filter(|key| key.aggregate == aggregate);
    let events = keys.filter_map(Key::of_event);
    let newest = events.filter(|(name, version)| newest(recorded, aggregate, name) == *version);
    newest.count()
}

pub(super) fn attribute(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("#[aggregate(formerly({}), ..)]", names.join(", "))
}

/// What is said of an aggregate that no longer has a recorded name, or has another oldest one.
fn lost_or_older(key: &Key, recorded: &[String], now: &[String], today: &str) -> String {
    let is_lost = recorded.iter().any(|name| !now.contains(name));
    let is_older = recorded.first() != now.first();
    let mut text = format!("\naggregate {today} has other names than recorded");
    if key.aggregate != today {
        text += &format!(" of {}", key.aggregate);
    }
    text += ".";
    if is_lost {
        text +=
            "\nA stream that was begun under the missing name is refused as another aggregate's.";
    }
    if is_older {
        text += "\n`Id::from_name` makes ids by the oldest name, so each of them would be another.";
    }
    text += "\n\n";
    text += &lines(RECORDED_AND_CODE, &json!(recorded), &json!(now));
    if recorded.first().is_some_and(|oldest| oldest == today) {
        text += "\nToday's name is the oldest on record, and no former name is older: take the change back.\n";
    } else {
        let new = now.iter().filter(|name| !recorded.contains(name));
        let all = recorded.iter().chain(new).filter(|name| *name != today);
        let attribute = attribute(&all.cloned().collect::<Vec<_>>());
        text += &format!("\nWrite all of them, the oldest first:\n\n    {attribute}\n");
    }
    let unless = match (is_lost, is_older) {
        (true, true) => {
            "nothing was stored under the missing name and no id was made with `Id::from_name`"
        }
        (true, false) => "nothing was stored under the missing name",
        _ => "no id was made with `Id::from_name`",
    };
    text + &format!(
        "\nOnly where {unless},\ndelete the block of {key} from `intent.lock`, and record it anew.\n"
    )
}
