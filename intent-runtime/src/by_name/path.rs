//! Where in a JSON text a mistake is.

use crate::model::json_object::JsonObject;

/// One level of nesting, with the place in it.
enum Within {
    /// An object, at this key; `None` before a key.
    Object(Option<String>),
    /// A list, at this index.
    List(usize),
}

/// The path to what does not fit: `amount.cents`, `lines[2].price`; empty for all of the text.
///
/// serde_json says where in the text it stopped, and the path follows from that. Tracking the path while reading was rejected:
/// it compiles the reading of every command a second time.
pub(super) fn path_of(error: &serde_json::Error, json: &str) -> String {
    let Some(end) = place(error, json) else {
        return String::new();
    };
    let mut levels = Vec::new();
    let mut at = 0;
    let bytes = json.as_bytes();
    while at < end {
        let begin = at;
        at += 1;
        match bytes.get(begin) {
            Some(b'{') => levels.push(Within::Object(None)),
            Some(b'[') => levels.push(Within::List(0)),
            Some(b'}' | b']') => {
                levels.pop();
            }
            Some(b',') => match levels.last_mut() {
                Some(Within::Object(key)) => *key = None,
                Some(Within::List(index)) => *index += 1,
                None => {}
            },
            Some(b'"') => {
                at = end_of_string(bytes, at);
                if let Some(Within::Object(key @ None)) = levels.last_mut() {
                    let text = json.get(begin..at).unwrap_or_default();
                    *key = serde_json::from_str(text).ok();
                }
            }
            Some(_) => {}
            None => break,
        }
    }
    written(&levels)
}

/// The first key of an object that is none of these.
pub(super) fn other_key(json: &str, known: &[&str]) -> Option<String> {
    let object = JsonObject::parse(json.as_bytes()).ok()?;
    let mut keys = object.keys();
    keys.find(|key| !known.contains(key)).map(str::to_owned)
}

/// The path to a field of the whole text.
pub(super) fn path_of_key(key: String) -> String {
    written(&[Within::Object(Some(key))])
}

/// The number of bytes before the place where serde_json stopped.
fn place(error: &serde_json::Error, json: &str) -> Option<usize> {
    let lines_before = error.line().checked_sub(1)?;
    let mut lines = json.split_inclusive('\n');
    let before: usize = lines.by_ref().take(lines_before).map(str::len).sum();
    // Columns count bytes.
    Some(before + error.column())
}

/// Where the string ends whose content begins at a byte.
fn end_of_string(bytes: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn written(levels: &[Within]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Within::Object(None) => {}
            Within::Object(Some(key)) if is_plain(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Within::Object(Some(key)) => path.push_str(&format!("[{key:?}]")),
            Within::List(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// Whether a key can stand in a path without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|it| it.is_alphanumeric() || it == '_' || it == '-')
}
