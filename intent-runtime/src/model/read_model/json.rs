//! [`Json`]: a field that is kept as JSON.

use std::ops::{Deref, DerefMut};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    model::read_model::column::ColumnType,
    record::column::{Cell, ColumnKind},
};

/// A field of a read model that is kept as JSON in one column: anything that serde reads and writes. It derefs to the value.
///
/// ```
/// use intent_runtime::Json;
/// let mut channels = Json(vec!["web"]);
/// channels.push("counter");
/// assert_eq!(channels.len(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

/// What a [`Json`] can hold in a read model: all that serde reads and writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept as JSON: serde does not read and write it",
    label = "not read and written by serde",
    note = "if `{Self}` is yours, add `#[value]` to it, or derive serde's `Serialize` and `Deserialize`"
)]
pub trait AsJson: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> AsJson for T {}

impl<T: AsJson> ColumnType for Json<T> {
    const KIND: ColumnKind = ColumnKind::Json;

    fn to_cell(&self) -> Result<Cell, String> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| format!("value that is no JSON: {error}"))?;
        // `jsonb` takes no NUL, and SQLite is not to differ. A backslash that is one itself is written as two.
        let mut rest = text.as_str();
        while let Some(at) = rest.find('\\') {
            if rest[at..].starts_with("\\u0000") {
                return Err("text with a NUL".to_owned());
            }
            // A backslash is followed by one character at least, of one byte.
            rest = rest.get(at + 2..).unwrap_or_default();
        }
        Ok(Cell::Json(text))
    }

    fn from_cell(cell: Cell) -> Result<Self, String> {
        let Cell::Json(text) = cell else {
            return Err("no JSON".to_owned());
        };
        serde_json::from_str(&text)
            .map(Self)
            .map_err(|error| format!("JSON of another form: {error}"))
    }
}
