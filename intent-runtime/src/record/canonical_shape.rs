//! The shape of a type: its JSON Schema, reduced to what affects reading and writing.

use schemars::{
    JsonSchema, Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value, json};

use crate::record::shape::Shape;

/// Annotations and the version of JSON Schema, which do not affect the shape. A default is what a reader gives a missing
/// field, and may differ at every call.
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

/// The shape of a type, with keys sorted, and everything else whose order has no meaning.
pub(crate) fn shape(of: Shape) -> Value {
    canonical(of, false)
}

/// The same, with the defaults of missing fields if they are wanted.
pub(crate) fn canonical(of: Shape, defaults: bool) -> Value {
    let mut schema = of.whole();
    Canonical { defaults }.transform(&mut schema);
    let mut shape = schema.to_value();
    number_definitions(&mut shape);
    shape
}

/// Only types that contain themselves have a definition, under their Rust name. That name is not stored, so the definitions are
/// numbered in the order of their first use instead.
fn number_definitions(shape: &mut Value) {
    let Some(Value::Object(definitions)) = shape.as_object_mut().and_then(|it| it.remove("$defs"))
    else {
        return;
    };
    let mut met = Vec::new();
    number_references(shape, &mut met);
    let mut numbered = Map::new();
    while let Some(name) = met.get(numbered.len()).cloned() {
        let mut definition = definitions.get(&name).cloned().unwrap_or_default();
        number_references(&mut definition, &mut met);
        numbered.insert((numbered.len() + 1).to_string(), definition);
    }
    if let Some(shape) = shape.as_object_mut() {
        shape.insert("$defs".to_owned(), Value::Object(numbered));
        shape.sort_keys();
    }
}

fn number_references(value: &mut Value, met: &mut Vec<String>) {
    match value {
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| number_references(value, met)),
        Value::Object(object) => object.iter_mut().for_each(|(key, value)| match value {
            Value::String(reference) if key == "$ref" => number(reference, met),
            value => number_references(value, met),
        }),
        _ => {}
    }
}

fn number(reference: &mut String, met: &mut Vec<String>) {
    let Some(name) = reference.strip_prefix("#/$defs/") else {
        return;
    };
    let number = met.iter().position(|known| known == name);
    let number = number.unwrap_or_else(|| {
        met.push(name.to_owned());
        met.len() - 1
    });
    *reference = format!("#/$defs/{}", number + 1);
}

struct Canonical {
    /// Whether defaults are kept.
    defaults: bool,
}

impl Transform for Canonical {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        for key in ANNOTATIONS {
            if !(self.defaults && key == "default") {
                object.remove(key);
            }
        }
        // `usize` depends on the machine. Its JSON is that of a 64-bit number.
        if let Some(format) = object.get_mut("format") {
            match format.as_str() {
                Some("uint") => *format = json!("uint64"),
                Some("int") => *format = json!("int64"),
                _ => {}
            }
        }
        gather_words(object);
        // Not `anyOf`: readers try its alternatives in order.
        for key in ["oneOf", "enum", "required", "type"] {
            if let Some(Value::Array(values)) = object.get_mut(key) {
                values.sort_by_cached_key(Value::to_string);
            }
        }
        // A feature of serde_json keeps keys in the order of insertion.
        object.values_mut().for_each(Value::sort_all_objects);
        object.sort_keys();
    }
}

/// Gathers the variants without content, which are words, in one list. schemars makes each word an alternative if one of them
/// has a doc comment, and one list otherwise.
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

/// The keyword for the shapes of the keys of maps in a schema. It is left out if all keys are any text.
pub(crate) const KEYS: &str = "x-keys";

/// The shape of the keys of a map.
pub fn key_shape<K: JsonSchema>() -> Value {
    shape(Shape::of::<K>())
}

/// Adds the shapes of the keys of all maps in the type of a field.
pub fn note_keys<const N: usize>(schema: &mut Schema, keys: [Value; N]) {
    if keys.iter().any(|key| *key != text()) {
        schema.insert(KEYS.to_owned(), Value::from(keys.to_vec()));
    }
}

/// The shape of any text.
pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}
