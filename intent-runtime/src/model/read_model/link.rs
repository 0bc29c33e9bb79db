//! Links: the keys that an aggregate's events lead to, which an earlier event of it named.

use serde_json::Value;

use crate::{
    model::read_model::{ReadModel, column::UnfitCell, key::RowKey},
    record::column::{Cell, ColumnKind},
};

/// The keys of a link as the text of its column: a list with a list of values for each key.
///
/// # Errors
/// The number of the column of a key, from 0, and what it does not take.
pub(crate) fn text<K: RowKey>(keys: &[K]) -> Result<String, (usize, String)> {
    let keys = keys.iter().map(|key| {
        let cells = key.cells()?.into_iter();
        Ok(Value::Array(cells.map(value).collect()))
    });
    let keys: Vec<Value> = keys.collect::<Result<_, _>>()?;
    Ok(Value::Array(keys).to_string())
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(it) => it.into(),
        Cell::Integer(it) => it.into(),
        Cell::Float(it) => it.into(),
        Cell::Text(it) | Cell::Json(it) => it.into(),
        Cell::Id(it) => it.to_string().into(),
        Cell::Time(it) => it.to_string().into(),
    }
}

/// The keys that a text has.
///
/// # Errors
/// A text that is none of a link.
pub(crate) fn keys<M: ReadModel>(text: &str) -> Result<Vec<M::Key>, UnfitCell> {
    let unfit = |what: String| UnfitCell::new("keys", what);
    let keys: Vec<Vec<Value>> =
        serde_json::from_str(text).map_err(|error| unfit(error.to_string()))?;
    let columns = M::COLUMNS.iter().filter(|column| column.key);
    let keys = keys.into_iter().map(|values| {
        let cells = columns.clone().zip(values).map(|(column, value)| {
            cell(column.kind, value).ok_or_else(|| unfit(format!("no `{}`", column.name)))
        });
        let cells = cells.collect::<Result<_, _>>()?;
        M::Key::from_cells(cells).map_err(unfit)
    });
    keys.collect()
}

fn cell(kind: ColumnKind, value: Value) -> Option<Cell> {
    Some(match (kind, value) {
        (ColumnKind::Bool, Value::Bool(it)) => Cell::Bool(it),
        (ColumnKind::Integer, Value::Number(it)) => Cell::Integer(it.as_i64()?),
        (ColumnKind::Text, Value::String(it)) => Cell::Text(it),
        (ColumnKind::Id, Value::String(it)) => Cell::Id(it.parse().ok()?),
        (ColumnKind::Time, Value::String(it)) => Cell::Time(it.parse().ok()?),
        _ => return None,
    })
}
