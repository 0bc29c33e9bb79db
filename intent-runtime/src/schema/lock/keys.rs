//! The shapes of the keys of maps. schemars makes one schema of maps whose keys are stored in different ways.

use serde_json::Value;

use crate::{record::canonical_shape::text, schema::lock::reads::reads};

/// Whether a reader whose maps have keys of these shapes reads all keys of the maps that are written.
pub(super) fn are_read(reader: Option<&Value>, written: Option<&Value>) -> bool {
    let list = |keys: Option<&Value>| keys.and_then(Value::as_array).cloned();
    let (reader, written) = match (list(reader), list(written)) {
        (None, None) => return true,
        (Some(reader), None) => {
            let written = vec![text(); reader.len()];
            (reader, written)
        }
        (None, Some(written)) => (vec![text(); written.len()], written),
        (Some(reader), Some(written)) => (reader, written),
    };
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
