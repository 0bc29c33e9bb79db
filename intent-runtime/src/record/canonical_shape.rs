//! The shape of what is stored: a JSON Schema without all that makes no difference to what is read and written.

use schemars::{
    JsonSchema, Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value, json};

use crate::record::shape::Shape;

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
pub(crate) fn shape(of: Shape) -> Value {
    canonical(of, false)
}

/// The shape, with the defaults that stand in for fields that are not there.
pub(crate) fn shape_with_defaults(of: Shape) -> Value {
    canonical(of, true)
}

fn canonical(of: Shape, defaults: bool) -> Value {
    let mut schema = of.whole();
    Canonical { defaults }.transform(&mut schema);
    let mut shape = schema.to_value();
    number_definitions(&mut shape);
    shape
}

/// Types that hold themselves are the only ones that keep a definition, under their Rust name, which is nothing that is
/// stored: they are numbered in the order in which they are met instead.
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
        // How large `usize` is, is the machine's; what is stored of it is a number of 64 bits on all that matter.
        if let Some(format) = object.get_mut("format") {
            match format.as_str() {
                Some("uint") => *format = json!("uint64"),
                Some("int") => *format = json!("int64"),
                _ => {}
            }
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

/// What a schema with maps in it calls the shapes of their keys; where all are any text it says nothing.
pub(crate) const KEYS: &str = "x-keys";

/// The shape of the keys of a map.
pub fn key_shape<K: JsonSchema>() -> Value {
    shape(Shape::of::<K>())
}

/// Notes the shapes of the keys of all maps in the type of a field.
pub fn note_keys<const N: usize>(schema: &mut Schema, keys: [Value; N]) {
    if keys.iter().any(|key| *key != text()) {
        schema.insert(KEYS.to_owned(), Value::from(keys.to_vec()));
    }
}

/// The shape of any text.
pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}
