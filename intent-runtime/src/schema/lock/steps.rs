//! Whether the notes of a step fit the recorded shape of the version before.

use serde_json::Value;

use crate::{
    model::{
        kinds::{AggregateKind, EventKind},
        upcast::KeyChange,
    },
    schema::lock::{
        format::Key,
        reads::{Obstacle, obstacle},
        report::{Difference, Refusal, lines},
    },
};

/// Every note about a key that the version before does not have, or has already, on the steps that read what is recorded of
/// an aggregate.
pub(super) fn wrong_keys<'a>(
    kind: &AggregateKind,
    recorded: impl Iterator<Item = (&'a Key, &'a Value)>,
) -> Vec<Difference> {
    let mut wrong = Vec::new();
    for (key, shape) in recorded {
        let Some((name, version)) = key.of_event() else {
            continue;
        };
        let step = kind.event(name).and_then(|event| step(event, version));
        let (Some(step), Some(fields)) = (step, fields(shape)) else {
            continue;
        };
        let has = |field: &&&str| fields.contains(field);
        let missing = step.expects.iter().filter(|field| !has(field));
        wrong.extend(missing.map(|field| missing_field(key, step.to, field, &fields)));
        let stays = |field: &&&str| has(field) && !step.expects.contains(field);
        let added_again = step.adds.iter().filter(stays);
        wrong.extend(added_again.map(|field| known_field(key, version, step.to, field)));
    }
    wrong
        .into_iter()
        .map(|text| Difference::refused(Refusal::Note, text))
        .collect()
}

fn missing_field(key: &Key, to: u32, field: &str, recorded: &[&str]) -> String {
    let recorded: Vec<String> = recorded.iter().map(|name| format!("`{name}`")).collect();
    let recorded = match recorded.is_empty() {
        true => "no fields".to_owned(),
        false => recorded.join(", "),
    };
    format!(
        "\n{key} has no field `{field}`, which a note says was renamed or removed with version {to}.\nWhat is stored \
         under its right name would be lost. On record are {recorded}: write the one that is meant.\n"
    )
}

fn known_field(key: &Key, version: u32, to: u32, field: &str) -> String {
    format!(
        "\n{key} has the field `{field}`, which a note says came with version {to}.\nNothing that is stored is \
         overwritten, so no event of version {version} that has it could be read.\n\n    if it was there all along: \
         take the note off, `unchanged({to})` where no other is left\n    if it replaces another one: \
         `removed({to}, {field:?})` for that, beside `#[since({to}, default = ..)]`, or a function\n"
    )
}

/// Every step whose notes keep something unchanged that the next version, recorded or `current`, surely cannot read.
pub(super) fn untrue<'a>(
    kind: &AggregateKind,
    recorded: impl Iterator<Item = (&'a Key, &'a Value)>,
    next: impl Fn(&Key) -> Option<Value>,
) -> Vec<Difference> {
    let steps = recorded.filter_map(|(key, shape)| {
        let (name, version) = key.of_event()?;
        let event = kind.event(name)?;
        let step = step(event, version)?;
        let current = next(&Key::event(kind.name, event.name, step.to))?;
        // Shapes do not say in full which other words a reader takes.
        let text = current.to_string();
        if text.contains("\"x-alias\"") || text.contains("\"x-other\"") {
            return None;
        }
        let obstacle = match step.expects.is_empty() && step.adds.is_empty() {
            true => obstacle(&current, shape),
            false => obstacle(&kept(&current, step.adds), &kept(shape, step.expects)),
        };
        let obstacle = obstacle.filter(Obstacle::is_certain)?;
        let versions = [version, step.to].map(|number| format!("version {number}"));
        let lines = lines(versions, shape, &current);
        let (to, remedy) = (step.to, match obstacle.is_of_words() {
            true => format!(
                "If a word only has another name now, `#[serde(alias = ..)]` on the variant reads the old one too.\nOtherwise \
                 do the step by a function: `upcast({version} => your_fn)`."
            ),
            false => format!(
                "Say with a note what became of it, or do the step by a function: `upcast({version} => your_fn)`. If all that \
                 was stored\nis read all the same, as where it was never left out, a function that returns what it is given \
                 says so."
            ),
        });
        let text = format!(
            "\nThe notes of version {to} keep something of {key} unchanged that version {to} cannot read:\n{obstacle}.\n\n\
             {lines}\n{remedy}\n"
        );
        Some(Difference::refused(Refusal::Note, text))
    });
    steps.collect()
}

/// The fields of a shape that no note is about, all of them optional, since other fields may have taken their place.
fn kept(shape: &Value, noted: &[&str]) -> Value {
    let mut kept = shape.clone();
    if let Some(object) = kept.as_object_mut() {
        object.remove("required");
        if let Some(Value::Object(fields)) = object.get_mut("properties") {
            fields.retain(|name, _| !noted.contains(&name.as_str()));
        }
    }
    kept
}

/// The notes on the step that reads `version`, of the event or of the predecessor that reads it.
fn step(event: &EventKind, version: u32) -> Option<KeyChange> {
    let own = event
        .steps
        .iter()
        .find(|step| step.to.checked_sub(1) == Some(version));
    own.copied().or_else(|| {
        let mut predecessors = event.predecessors().into_iter();
        predecessors.find_map(|predecessor| step(&predecessor, version))
    })
}

/// The fields of a shape that has no others.
fn fields(shape: &Value) -> Option<Vec<&str>> {
    let object = shape.as_object()?;
    let alternatives = ["anyOf", "oneOf", "allOf", "$ref"];
    let is_plain = object.get("type")? == "object"
        && !alternatives.iter().any(|key| object.contains_key(*key));
    let others = object.get("additionalProperties");
    if !is_plain || others.is_some_and(|others| *others != Value::Bool(false)) {
        return None;
    }
    let fields = object.get("properties").and_then(Value::as_object);
    let names = fields.into_iter().flat_map(|fields| fields.keys());
    Some(names.map(String::as_str).collect())
}
