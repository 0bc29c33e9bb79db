//! The shape of what is stored: a JSON Schema without all that makes no difference to what is read and written.

use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value, json};

use crate::catalogue;

/// What JSON Schema calls annotations, and what says which JSON Schema it is: none of it is about shape. A default is
/// what a reader makes of a field that is not there, and may be another at every call.
const ANNOTATIONS: [&str; 9] = [
    "$comment",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// The shape of a type: keys in order, and so is all else whose order JSON does not know.
pub(crate) fn shape(of: catalogue::Shape) -> Value {
    let mut schema = of.whole();
    Canonical.transform(&mut schema);
    schema.to_value()
}

struct Canonical;

impl Transform for Canonical {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        for key in ANNOTATIONS {
            object.remove(key);
        }
        gather_words(object);
        // The alternatives of `anyOf` are tried one after the other, so their order counts.
        for key in ["oneOf", "enum", "required", "type"] {
            if let Some(Value::Array(values)) = object.get_mut(key) {
                values.sort_by_cached_key(Value::to_string);
            }
        }
        // A feature of serde_json keeps keys as they came.
        object.values_mut().for_each(Value::sort_all_objects);
        object.sort_keys();
    }
}

/// Variants without content are words. With a doc comment on one of them each word is an alternative of its own, without
/// any they stand in one list: the list is what they all become.
fn gather_words(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get_mut("oneOf") else {
        return;
    };
    let mut words = Vec::new();
    alternatives.retain(|alternative| match words_of(alternative) {
        Some(more) => {
            words.extend(more);
            false
        }
        None => true,
    });
    if words.is_empty() {
        return;
    }
    if alternatives.is_empty() {
        object.remove("oneOf");
        object.insert("type".to_owned(), json!("string"));
        object.insert("enum".to_owned(), Value::Array(words));
        return;
    }
    words.sort_by_cached_key(Value::to_string);
    alternatives.push(json!({ "enum": words, "type": "string" }));
}

/// The words that an alternative allows, if it allows nothing else.
fn words_of(alternative: &Value) -> Option<Vec<Value>> {
    let object = alternative.as_object()?;
    if object.len() != 2 || object.get("type")? != "string" {
        return None;
    }
    match (object.get("const"), object.get("enum")) {
        (Some(word), None) => Some(vec![word.clone()]),
        (None, Some(Value::Array(words))) => Some(words.clone()),
        _ => None,
    }
}
