//! What tells a command that is sent again from another one under the same id.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::Command;

/// How many bytes of the digest are kept: enough against accidents, which is what it guards against.
const KEPT: usize = 8;
/// How deep an object is put into its canonical form; what lies deeper counts as it is written.
const DEEPEST: usize = 64;

/// The fingerprint of a command, in hex: the first 8 bytes of SHA-256 over its name, a byte 0, and its JSON in
/// canonical form. See [`SendOptions::command_id`](crate::SendOptions::command_id) for what that leaves out.
///
/// # Errors
/// When the command's own `Serialize` fails.
pub(super) fn fingerprint<C: Command>(command: &C) -> Result<String, serde_json::Error> {
    let json = serde_json::value::to_raw_value(command)?;
    let mut hash = Sha256::new();
    hash.update(C::NAME);
    // No name has it.
    hash.update([0]);
    update(&mut hash, &json, 0)?;
    let digest = <[u8; 32]>::from(hash.finalize());
    Ok(digest[..KEPT]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Objects have their members in the order of the keys, without those that are null. A null that is its object's only
/// member stays: it may be the content of an enum's variant, whose name the key is. Numbers and texts count as written.
fn update(hash: &mut Sha256, json: &RawValue, depth: usize) -> Result<(), serde_json::Error> {
    let text = json.get();
    match text.as_bytes().first() {
        Some(b'{') if depth < DEEPEST => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let alone = members.len() == 1;
            hash.update("{");
            for (key, value) in members {
                if alone || value.get() != "null" {
                    hash.update(serde_json::to_string(&key)?);
                    hash.update(":");
                    update(hash, value, depth + 1)?;
                    hash.update(",");
                }
            }
            hash.update("}");
        }
        Some(b'[') if depth < DEEPEST => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            hash.update("[");
            for item in items {
                update(hash, item, depth + 1)?;
                hash.update(",");
            }
            hash.update("]");
        }
        _ => hash.update(text),
    }
    Ok(())
}
