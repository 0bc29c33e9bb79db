//! The keys of maps. schemars gives maps with different types of keys one schema, so the shapes of keys are noted apart.

use serde_json::Value;

use crate::{record::canonical_shape::text, schema::lock::reads::reads};

/// Whether a reader of maps with these keys reads all keys that are written. Where no keys are noted, they are any text.
pub(super) fn are_read(reader: Option<&Value>, written: Option<&Value>) -> bool {
    let list = |keys: Option<&Value>| keys.and_then(Value::as_array).cloned();
    let (reader, written) = (list(reader), list(written));
    let any_text = |like: &Option<Vec<Value>>| vec![text(); like.as_ref().map_or(0, Vec::len)];
    let (any_reader, any_written) = (any_text(&written), any_text(&reader));
    let (reader, written) = (reader.unwrap_or(any_reader), written.unwrap_or(any_written));
    let mut pairs = reader.iter().zip(&written);
    reader.len() == written.len() && pairs.all(|(reader, written)| reads(reader, written))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::canonical_shape::KEYS;

    #[test]
    fn keys_are_read_as_values_are() {
        let map =
            |keys: Value| json!({ "additionalProperties": true, "type": "object", KEYS: keys });
        let all = json!({ "additionalProperties": true, "type": "object" });
        let letters = map(json!([{ "type": "string", "maxLength": 1 }]));
        let bools = map(json!([{ "type": "boolean" }]));
        let words = |words: Value| map(json!([{ "type": "string", "enum": words }]));
        assert!(reads(&all, &letters));
        assert!(!reads(&letters, &all));
        assert!(!reads(&bools, &letters));
        assert!(!reads(&bools, &all));
        assert!(reads(&words(json!(["a", "b"])), &words(json!(["a"]))));
        assert!(!reads(&words(json!(["a"])), &words(json!(["a", "b"]))));
        assert!(!reads(
            &map(json!([{ "type": "boolean" }, { "type": "string" }])),
            &bools
        ));
    }
}
