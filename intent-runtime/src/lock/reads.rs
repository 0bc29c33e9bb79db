//! Whether a reader of one shape takes what was written in another as it is.

use serde_json::{Map, Value};

/// Whether all that has the shape `written` is read as it is by a reader of the shape `reader`, who ignores fields that
/// it does not know. Where shapes alone do not tell, the answer is no.
pub(super) fn reads(reader: &Value, written: &Value) -> bool {
    if reader == written || *reader == Value::Bool(true) {
        return true;
    }
    if let Some(alternatives) = alternatives(written) {
        return alternatives.iter().all(|written| reads(reader, written));
    }
    if let Some(alternatives) = alternatives(reader) {
        return alternatives.iter().any(|reader| reads(reader, written));
    }
    let (Value::Object(reader), Value::Object(written)) = (reader, written) else {
        return false;
    };
    reader
        .iter()
        .all(|(key, constraint)| holds(key, constraint, reader, written))
        && ["x-alias", "x-other"]
            .iter()
            .all(|key| is_still_read(reader.get(*key), written.get(*key)))
}

/// What is read besides what is written, other keys and words, older versions may have been stored with.
fn is_still_read(reader: Option<&Value>, written: Option<&Value>) -> bool {
    written.is_none_or(|written| {
        reader.is_some_and(|reader| list(written).all(|one| list(reader).any(|known| known == one)))
    })
}

/// Whether all that is written satisfies one constraint of the reader.
fn holds(
    key: &str,
    constraint: &Value,
    reader: &Map<String, Value>,
    written: &Map<String, Value>,
) -> bool {
    let of_written = written.get(key);
    match key {
        "x-alias" | "x-other" => true,
        // Any of these types, or any of these words, will do.
        "type" | "enum" => match of_written {
            Some(of_written) => {
                list(of_written).all(|one| list(constraint).any(|known| known == one))
            }
            None => false,
        },
        // All of these fields are needed.
        "required" => list(constraint).all(|needed| {
            of_written.is_some_and(|of_written| list(of_written).any(|one| one == needed))
        }),
        "properties" => fields(constraint).all(|(name, field)| {
            let written = of_written.and_then(|of_written| of_written.get(name));
            written.is_none_or(|written| reads(field, written))
        }),
        "additionalProperties" if *constraint == Value::Bool(false) => {
            let known = reader.get("properties");
            let mut names = written.get("properties").into_iter().flat_map(fields);
            names.all(|(name, _)| known.is_some_and(|known| known.get(name).is_some()))
        }
        "additionalProperties" | "items" => {
            of_written.is_some_and(|of_written| reads(constraint, of_written))
        }
        _ => of_written == Some(constraint),
    }
}

/// The alternatives of a shape that is nothing else.
fn alternatives(shape: &Value) -> Option<&Vec<Value>> {
    let object = shape.as_object().filter(|object| object.len() == 1)?;
    object
        .get("oneOf")
        .or_else(|| object.get("anyOf"))?
        .as_array()
}

/// The members of a list; a value that is none is the only one.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    }
    .iter()
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(properties: Value, required: Value) -> Value {
        json!({ "type": "object", "properties": properties, "required": required })
    }

    #[test]
    fn a_field_more_is_ignored_and_a_field_less_is_missed() {
        let text = json!({ "type": "string" });
        let short = object(json!({ "a": text }), json!(["a"]));
        let long = object(json!({ "a": text, "b": text }), json!(["a", "b"]));
        assert!(reads(&short, &long));
        assert!(!reads(&long, &short));
        let optional = object(json!({ "a": text, "b": text }), json!(["a"]));
        assert!(reads(&optional, &short));
        let mut strict = short.clone();
        strict["additionalProperties"] = json!(false);
        assert!(!reads(&strict, &long));
    }

    #[test]
    fn what_may_be_null_reads_what_never_is() {
        let text = json!({ "type": "string" });
        let nullable = json!({ "type": ["null", "string"] });
        assert!(reads(&nullable, &text));
        assert!(!reads(&text, &nullable));
        let money = object(json!({ "cents": { "type": "integer" } }), json!(["cents"]));
        let optional = json!({ "anyOf": [money, { "type": "null" }] });
        assert!(reads(&optional, &money));
        assert!(!reads(&money, &optional));
    }

    #[test]
    fn more_words_read_fewer() {
        let two = json!({ "type": "string", "enum": ["a", "b"] });
        let three = json!({ "type": "string", "enum": ["a", "b", "c"] });
        assert!(reads(&three, &two));
        assert!(!reads(&two, &three));
        assert!(reads(&json!({ "type": "string" }), &three));
        assert!(!reads(&three, &json!({ "type": "string" })));
    }

    #[test]
    fn a_difference_deep_inside_counts() {
        let list = |of: Value| json!({ "type": "array", "items": object(json!({ "a": of }), json!(["a"])) });
        let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
        assert!(reads(
            &list(json!({ "type": ["null", "string"] })),
            &list(text.clone())
        ));
        assert!(!reads(&list(text), &list(number)));
        assert!(!reads(
            &json!({ "type": "integer", "format": "int32" }),
            &json!({ "type": "integer", "format": "int64" })
        ));
    }

    #[test]
    fn other_words_that_were_read_are_read_still() {
        let one = json!({ "const": "Large", "type": "string", "x-alias": ["Big"] });
        let two = json!({ "const": "Large", "type": "string", "x-alias": ["Big", "Huge"] });
        let none = json!({ "const": "Large", "type": "string" });
        assert!(reads(&two, &one));
        assert!(reads(&one, &none));
        assert!(!reads(&one, &two));
        assert!(!reads(&none, &one));
    }
}
