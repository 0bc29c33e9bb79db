//! Enums without fields in columns: what `#[value]` says of them.

use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer as _, value::Error},
};

use crate::{model::read_model::column::ColumnType, record::column::Cell};

/// The name of a variant, as serde writes it.
///
/// # Errors
/// If serde does not write the value as a text.
pub fn variant_to_cell(value: &impl Serialize) -> Result<Cell, String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name.to_cell(),
        _ => Err("value that serde does not write as a text".to_owned()),
    }
}

/// The variant of this name.
///
/// # Errors
/// If there is none.
pub fn variant_from_cell<T: DeserializeOwned>(cell: Cell) -> Result<T, String> {
    let name = String::from_cell(cell)?;
    let read = T::deserialize(name.as_str().into_deserializer());
    read.map_err(|_: Error| format!("\"{name}\", which is the name of no variant"))
}
