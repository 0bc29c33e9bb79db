//! The notes to write for a change of an event's shape, as far as the two shapes show.

use serde_json::{Map, Value};

use crate::schema::lock::reads::reads;

/// What to write so that version `next` reads the version before through a struct of its own.
pub(super) fn predecessor(name: &str, next: u32) -> Vec<String> {
    let last = next - 1;
    vec![
        format!("#[event(version = {next}, from = {name}V{last})]"),
        format!(
            "#[event(version = {last}, name = {name:?})] on `struct {name}V{last}`, which is what the struct was as recorded"
        ),
        format!("impl From<{name}V{last}> for {name}"),
    ]
}

/// What to write so that version `next` reads the version before, `recorded`: the event's attribute, and what goes with
/// it, one line each.
pub(super) fn step(name: &str, recorded: &Value, current: &Value, next: u32) -> Vec<String> {
    let (Some(before), Some(now)) = (fields(recorded), fields(current)) else {
        return predecessor(name, next);
    };
    let changed: Vec<&str> = now
        .iter()
        .filter(|(name, shape)| {
            before
                .get(*name)
                .is_some_and(|before| !reads(shape, before))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    let mut added = missing_in(&before, &now);
    let mut removed = missing_in(&now, &before);
    if added.is_empty() && removed.is_empty() && reads(current, recorded) {
        return vec![
            format!("#[event(version = {next}, unchanged({next}))]"),
            "what is recorded is read as it is".to_owned(),
        ];
    }
    if !changed.is_empty() || added.is_empty() && removed.is_empty() {
        return function(name, next, &changed);
    }
    let comes_and_goes = !added.is_empty() && !removed.is_empty();
    let renamed = renamed(&before, &now, &mut added, &mut removed);
    let may_go_over =
        comes_and_goes && (renamed.len() > 1 || !(added.is_empty() && removed.is_empty()));
    let removed: String = removed
        .iter()
        .map(|name| format!(", removed({next}, {name:?})"))
        .collect();
    let mut lines = vec![format!("#[event(version = {next}{removed})]")];
    for (from, to) in renamed {
        lines.push(format!(
            "#[renamed({next}, from = {from:?})] on `{to}`, if that is `{from}` by another name;"
        ));
        lines.push(format!(
            "    or else removed({next}, {from:?}) in the line above, and #[since({next}, default = ..)] on `{to}`"
        ));
    }
    lines.extend(added.into_iter().map(|name| {
        format!(
            "#[since({next}, default = ..)] on `{name}`, with the value that it has in older events"
        )
    }));
    if may_go_over {
        lines.push(
            "or, where new fields are made of old ones, a function in place of these notes:"
                .to_owned(),
        );
        lines.extend(function(name, next, &[]).into_iter().take(2));
    }
    lines
}

/// A step that no note describes.
fn function(event: &str, next: u32, changed: &[&str]) -> Vec<String> {
    let last = next - 1;
    let function = format!("{}_from_{last}", snake_case(event));
    let what = match changed {
        [] => "the event".to_owned(),
        names => format!("`{}`", names.join("`, `")),
    };
    vec![
        format!("#[event(version = {next}, upcast({last} => {function}))]"),
        format!("fn {function}(v{last}: JsonObject) -> Result<JsonObject, UpcastError>"),
        format!("which turns {what} as recorded into what the code has now"),
    ]
}

/// A stored name, which may have any character, as a part of a function's name.
fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if !letter.is_alphanumeric() {
            continue;
        }
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// The fields of a shape that is an object of named fields and nothing else.
fn fields(shape: &Value) -> Option<Map<String, Value>> {
    let object = shape.as_object()?;
    let is_plain = object.get("type")? == "object" && !object.contains_key("oneOf");
    let fields = || object.get("properties").and_then(Value::as_object);
    is_plain.then(|| fields().cloned().unwrap_or_default())
}

fn missing_in<'a>(one: &Map<String, Value>, other: &'a Map<String, Value>) -> Vec<&'a str> {
    let names = other.keys().map(String::as_str);
    names.filter(|name| !one.contains_key(*name)).collect()
}

/// Takes the pairs of fields that have one shape under two names out of both lists.
fn renamed<'a>(
    before: &Map<String, Value>,
    now: &Map<String, Value>,
    added: &mut Vec<&'a str>,
    removed: &mut Vec<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let mut pairs = Vec::new();
    removed.retain(|from| {
        let alike = added
            .iter()
            .position(|to| before.get(*from) == now.get(*to));
        match alike {
            Some(index) => {
                pairs.push((*from, added.remove(index)));
                false
            }
            None => true,
        }
    });
    pairs
}
