//! Whether a reader of one shape can read what was written in another.

use std::fmt;

use serde_json::{Map, Value};

use crate::{record::canonical_shape::KEYS, schema::lock::keys};

/// Whether a reader of the shape `reader` can read every value of the shape `written`. It ignores fields that it does not
/// know. Where the shapes do not tell, the answer is no.
pub(super) fn reads(reader: &Value, written: &Value) -> bool {
    obstacle(reader, written).is_none()
}

/// The first thing that keeps such a reader from [reading](reads) every such value.
pub(super) fn obstacle(reader: &Value, written: &Value) -> Option<Obstacle> {
    between(reader, written, "")
}

/// One thing that a reader cannot read, and its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// Such as `lines[].amount`; empty for the whole value.
    place: String,
    what: What,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    /// A field that the reader needs.
    Missing(String),
    /// A field that the reader refuses.
    Refused(String),
    /// A word, or the name of a variant, that the reader does not know.
    Word(Value),
    /// A type that the reader does not know.
    Type { known: Value, written: Value },
    /// Anything else.
    Shape,
}

impl Obstacle {
    /// Whether the reader surely fails on some value. Otherwise the shapes do not tell.
    pub(super) fn is_certain(&self) -> bool {
        !matches!(self.what, What::Refused(_) | What::Shape)
    }

    /// Whether it is a word that the reader does not know.
    pub(super) fn is_of_words(&self) -> bool {
        matches!(self.what, What::Word(_))
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inside, subject) = match self.place.as_str() {
            "" => (String::new(), "it".to_owned()),
            place => (format!("in `{place}` "), format!("`{place}`")),
        };
        match &self.what {
            What::Missing(field) => write!(f, "{inside}they need `{field}`, which can be missing"),
            What::Refused(field) => write!(
                f,
                "{inside}they refuse what they do not know, such as `{field}`"
            ),
            What::Word(word) => write!(f, "{subject} can be {word}, which they do not know"),
            What::Type { known, written } => {
                let types = |of| list(of).filter_map(Value::as_str).collect::<Vec<_>>();
                let (known, written) = (types(known).join(" or "), types(written).join(" or "));
                write!(f, "{subject} can be {written}, and they know {known}")
            }
            What::Shape => write!(f, "{subject} has a shape that they do not know"),
        }
    }
}

fn between(reader: &Value, written: &Value, place: &str) -> Option<Obstacle> {
    if reader == written || *reader == Value::Bool(true) {
        return None;
    }
    if let Some((_, alternatives)) = alternatives(written) {
        return alternatives
            .iter()
            .find_map(|written| between(reader, written, place));
    }
    if let Some((key, alternatives)) = alternatives(reader) {
        let mut meant = alternatives.iter().filter(|one| !is_null(one));
        if let (Some(one), None) = (meant.next(), meant.next()) {
            let is_known = alternatives.contains(written);
            return (!is_known).then(|| between(one, written, place)).flatten();
        }
        let is_known = alternatives.iter().any(|reader| match key {
            "oneOf" => between(reader, written, place).is_none(),
            // serde reads an untagged value as the first alternative that fits, which may be another than the one written.
            _ => reader == written,
        });
        if is_known {
            return None;
        }
        let Some(name) = variant(written) else {
            return Some(at(place, What::Shape));
        };
        let mut same = alternatives.iter().filter(|one| variant(one) == Some(name));
        return match same.next() {
            Some(reader) => between(reader, written, place),
            None => Some(at(place, What::Word(name.clone()))),
        };
    }
    let (Value::Object(reader), Value::Object(written)) = (reader, written) else {
        return Some(at(place, What::Shape));
    };
    reader
        .iter()
        .find_map(|(key, constraint)| broken(key, constraint, [reader, written], place))
        .or_else(|| {
            let mut others = ["x-alias", "x-other"].iter();
            let lost = others.any(|key| !is_still_read(reader.get(*key), written.get(*key)));
            let keys = [reader, written].map(|shape| shape.get(KEYS));
            (lost || !keys::are_read(keys[0], keys[1])).then(|| at(place, What::Shape))
        })
}

/// Whether the reader accepts all other keys and words that `written` accepts: older versions may be stored with them.
fn is_still_read(reader: Option<&Value>, written: Option<&Value>) -> bool {
    written
        .is_none_or(|written| reader.is_some_and(|reader| first_unknown(reader, written).is_none()))
}

/// The obstacle, if what is written breaks one constraint of the reader.
fn broken(
    key: &str,
    constraint: &Value,
    [reader, written]: [&Map<String, Value>; 2],
    place: &str,
) -> Option<Obstacle> {
    let of_written = written.get(key);
    match key {
        "x-alias" | "x-other" | KEYS => None,
        "type" => match of_written {
            Some(of_written) => {
                // A reader of numbers also reads whole ones.
                let takes = |one: &Value| {
                    list(constraint)
                        .any(|known| known == one || known == "number" && one == "integer")
                };
                let written = list(of_written).find(|one| !takes(one))?;
                let (known, written) = (constraint.clone(), written.clone());
                Some(at(place, What::Type { known, written }))
            }
            None => Some(at(place, What::Shape)),
        },
        "enum" => match of_written {
            Some(of_written) => first_unknown(constraint, of_written)
                .map(|word| at(place, What::Word(word.clone()))),
            None => Some(at(place, What::Shape)),
        },
        "required" => {
            let has = of_written.unwrap_or(&Value::Null);
            let missing = first_unknown(has, constraint)?;
            let name = missing.as_str().unwrap_or_default();
            Some(at(place, What::Missing(name.to_owned())))
        }
        "properties" => fields(constraint).find_map(|(name, field)| {
            let own = of_written.and_then(|of_written| of_written.get(name));
            // A map written into the object may have any key.
            let written = own.or_else(|| written.get("additionalProperties"));
            let written = written.filter(|written| **written != Value::Bool(false))?;
            between(field, written, &within(place, name))
        }),
        "additionalProperties" if *constraint == Value::Bool(false) => {
            let known = reader.get("properties");
            let mut names = written.get("properties").into_iter().flat_map(fields);
            let unknown =
                names.find(|(name, _)| known.is_none_or(|known| known.get(*name).is_none()));
            match (unknown, of_written) {
                (Some((name, _)), _) => Some(at(place, What::Refused(name.clone()))),
                (None, None | Some(Value::Bool(false))) => None,
                (None, Some(_)) => Some(at(place, What::Shape)),
            }
        }
        "additionalProperties" | "items" => match of_written {
            Some(of_written) => between(constraint, of_written, &format!("{place}[]")),
            None => Some(at(place, What::Shape)),
        },
        _ if of_written == Some(constraint) => None,
        _ => Some(at(place, What::Shape)),
    }
}

fn at(place: &str, what: What) -> Obstacle {
    let place = place.to_owned();
    Obstacle { place, what }
}

fn within(place: &str, field: &str) -> String {
    match place {
        "" => field.to_owned(),
        place => format!("{place}.{field}"),
    }
}

/// The alternatives of a shape that consists of nothing else, after the keyword that lists them.
fn alternatives(shape: &Value) -> Option<(&str, &Vec<Value>)> {
    let object = shape.as_object().filter(|object| object.len() == 1)?;
    let (key, alternatives) = object.iter().next()?;
    match key.as_str() {
        "oneOf" | "anyOf" => Some((key, alternatives.as_array()?)),
        _ => None,
    }
}

/// The name of a variant with content, if the alternative is one in serde's default form.
fn variant(alternative: &Value) -> Option<&Value> {
    if alternative.get("additionalProperties") != Some(&Value::Bool(false)) {
        return None;
    }
    match alternative.get("required")?.as_array()?.as_slice() {
        [name] => Some(name),
        _ => None,
    }
}

fn is_null(shape: &Value) -> bool {
    shape.get("type").is_some_and(|of| of == "null")
}

/// The first member of a list that another list does not have.
fn first_unknown<'a>(known: &Value, of: &'a Value) -> Option<&'a Value> {
    list(of).find(|one| !list(known).any(|known| known == *one))
}

/// The members of a list, or the value itself if it is no list.
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

    /// What is said of the shape of a field `x`.
    fn said(reader: Value, written: Value) -> String {
        let object = |of: Value| object(json!({ "x": of }), json!(["x"]));
        obstacle(&object(reader), &object(written)).map_or_else(String::new, |it| it.to_string())
    }

    #[test]
    fn an_obstacle_is_named_with_its_place() {
        let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
        let list = |of: Value| json!({ "type": "array", "items": of });
        let inner = |of: Value| object(json!({ "y": of }), json!(["y"]));
        let word = |words: Value| json!({ "type": "string", "enum": words });
        let nullable = json!({ "type": ["null", "string"] });
        assert_eq!(
            said(list(inner(text.clone())), list(inner(number.clone()))),
            "`x[].y` can be integer, and they know string"
        );
        assert_eq!(
            said(text, nullable),
            "`x` can be null, and they know string"
        );
        assert_eq!(
            said(word(json!(["a"])), word(json!(["a", "b"]))),
            "`x` can be \"b\", which they do not know"
        );
        assert_eq!(
            said(inner(number.clone()), object(json!({}), json!([]))),
            "in `x` they need `y`, which can be missing"
        );
        let mut strict = object(json!({}), json!([]));
        strict["additionalProperties"] = json!(false);
        assert_eq!(
            said(strict, inner(number)),
            "in `x` they refuse what they do not know, such as `y`"
        );
    }

    #[test]
    fn a_variant_more_is_unknown_and_a_variant_may_grow() {
        let variant = |name: &str, of: Value| json!({ "type": "object", "properties": { name: of }, "required": [name], "additionalProperties": false });
        let text = json!({ "type": "string" });
        let small = object(json!({ "a": text }), json!(["a"]));
        let large = object(json!({ "a": text, "b": text }), json!(["a", "b"]));
        let one = json!({ "oneOf": [variant("A", small.clone()), variant("B", small.clone())] });
        let grown = json!({ "oneOf": [variant("A", large), variant("B", small.clone())] });
        assert!(reads(&one, &grown));
        assert!(!reads(&grown, &one));
        let more = json!({ "oneOf": [variant("A", small.clone()), variant("C", small)] });
        assert_eq!(
            said(one.clone(), more),
            "`x` can be \"C\", which they do not know"
        );
        assert_eq!(
            said(grown, one),
            "in `x.A` they need `b`, which can be missing"
        );
    }

    /// The first that fits would be taken, and it may be another.
    #[test]
    fn untagged_values_are_read_by_their_equals_only() {
        let text = json!({ "type": "string" });
        let a = object(json!({ "a": text }), json!(["a"]));
        let ab = object(json!({ "a": text, "b": text }), json!(["a", "b"]));
        let ac = object(json!({ "a": text, "c": text }), json!(["a", "c"]));
        let one = json!({ "anyOf": [a, ab] });
        assert!(reads(&one, &a));
        assert!(!reads(&one, &ac));
    }

    #[test]
    fn a_map_written_into_an_object_has_any_key() {
        let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
        let reader = object(json!({ "a": text }), json!([]));
        let map =
            |of: &Value| json!({ "type": "object", "required": [], "additionalProperties": of });
        assert!(reads(&reader, &map(&text)));
        assert!(!reads(&reader, &map(&number)));
        let mut strict = reader;
        strict["additionalProperties"] = json!(false);
        assert!(!reads(&strict, &map(&text)));
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
