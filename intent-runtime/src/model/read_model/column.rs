//! The types of fields that are kept in a column.

use uuid::Uuid;

use crate::record::{
    column::{Cell, Column, ColumnKind},
    id::{AggregateId, CommandId, CorrelationId, EventId, Id, TenantId},
    timestamp::Timestamp,
};

/// A field has a value that its column does not take. Handling: the event that led to it holds back its tenant in this read
/// model until the model's rules are corrected, or the event is skipped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the column `{column}` takes no {what}")]
#[non_exhaustive]
pub struct UnfitValue {
    /// The column.
    pub column: &'static str,
    /// What it was given.
    pub what: String,
}

impl UnfitValue {
    /// What a column was given, as in "text with a NUL".
    pub fn new(column: &'static str, what: impl Into<String>) -> Self {
        Self {
            column,
            what: what.into(),
        }
    }
}

/// How many bytes of UTF-8 the texts of a key have at most, and the text of a column with an index: 2,000. Postgres takes no entry of
/// an index that is longer than about 2,700 bytes, and the rows are to be the same on every store.
pub const INDEXED_TEXT: usize = 2_000;

/// Makes sure that the texts of a row fit into the indexes of its table.
///
/// # Errors
/// [`UnfitValue`] for a text that is too long.
pub(crate) fn fit_indexes(columns: &'static [Column], cells: &[Cell]) -> Result<(), UnfitValue> {
    let bytes = |cell: &Cell| match cell {
        Cell::Text(text) | Cell::Json(text) => text.len(),
        _ => 0,
    };
    let mut of_key = 0;
    for (column, cell) in columns.iter().zip(cells) {
        if !(column.key || column.indexed || column.unique) {
            continue;
        }
        let bytes = bytes(cell);
        of_key += if column.key { bytes } else { 0 };
        if bytes.max(if column.key { of_key } else { 0 }) > INDEXED_TEXT {
            let what = format!(
                "text of {bytes} bytes: the texts of a key, and one with an index, have {INDEXED_TEXT} at most"
            );
            return Err(UnfitValue::new(column.name, what));
        }
    }
    Ok(())
}

/// A row of a table is not one of the read model: somebody else wrote it. Handling: restore it, or rebuild the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the column `{column}` has {what}")]
#[non_exhaustive]
pub struct UnfitCell {
    /// The column.
    pub column: &'static str,
    /// What is in it.
    pub what: String,
}

impl UnfitCell {
    /// What a column has instead of a value of its field, as in "a text".
    pub fn new(column: &'static str, what: impl Into<String>) -> Self {
        Self {
            column,
            what: what.into(),
        }
    }
}

/// A type of field that is kept in a column.
///
/// These are `bool`, the integers, `f32`, `f64`, `String`, ids, [`Timestamp`], [`Json<T>`](crate::Json) for everything that serde
/// reads and writes, and each of them as an `Option`. A [`#[value]`](macro@crate::value) is one if it wraps one of them, as
/// `struct UserId(Uuid)` does, and is kept as what it wraps. An enum without fields is kept as a text: the name of its variant, as
/// serde writes it. Another type of your own becomes one by the two conversions:
///
/// ```
/// use intent_runtime::read_model::{Cell, ColumnKind, ColumnType};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct Cents(i64);
///
/// impl ColumnType for Cents {
///     const KIND: ColumnKind = <i64 as ColumnType>::KIND;
///
///     fn to_cell(&self) -> Result<Cell, String> {
///         self.0.to_cell()
///     }
///     fn from_cell(cell: Cell) -> Result<Self, String> {
///         i64::from_cell(cell).map(Self)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not kept in a column",
    label = "no column has this type",
    note = "a column is a `bool`, an integer, a float, a `String`, an id, a `Timestamp`, or an `Option` of one of them",
    note = "a `#[value]` is one if it is an enum without fields, or a struct of one field without a name",
    note = "for any other type that serde reads and writes, the field is a `Json<{Self}>`"
)]
pub trait ColumnType: Sized {
    /// The kind of its column.
    const KIND: ColumnKind;
    /// Whether the column may be empty.
    const NULLABLE: bool = false;

    /// The value as a cell.
    ///
    /// # Errors
    /// What it has that the column does not take, as in "text with a NUL".
    fn to_cell(&self) -> Result<Cell, String>;

    /// The value in a cell.
    ///
    /// # Errors
    /// What the cell has instead, as in "a text".
    fn from_cell(cell: Cell) -> Result<Self, String>;
}

macro_rules! column_type {
    ($type:ty, $kind:ident, |$value:ident| $cell:expr, |$found:ident| $back:expr) => {
        impl ColumnType for $type {
            const KIND: ColumnKind = ColumnKind::$kind;

            fn to_cell(&self) -> Result<Cell, String> {
                let $value = self;
                $cell
            }

            fn from_cell(cell: Cell) -> Result<Self, String> {
                match cell {
                    Cell::$kind($found) => $back,
                    cell => Err(cell.what().to_owned()),
                }
            }
        }
    };
}

macro_rules! integers {
    ($($type:ty)*) => {
        $(column_type!(
            $type,
            Integer,
            |value| match i64::try_from(*value) {
                Ok(number) => Ok(Cell::Integer(number)),
                Err(_) => Err(format!("number above {}, such as {value}", i64::MAX)),
            },
            |found| <$type>::try_from(found).map_err(|_| format!("{found}, which is no {}", stringify!($type)))
        );)*
    };
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

column_type!(bool, Bool, |value| Ok(Cell::Bool(*value)), |found| Ok(
    found
));
column_type!(
    f64,
    Float,
    |value| match value.is_finite() {
        true => Ok(Cell::Float(*value)),
        false => Err(format!("number such as {value}")),
    },
    |found| Ok(found)
);
column_type!(f32, Float, |value| f64::from(*value).to_cell(), |found| {
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    let narrow = found as f32;
    match f64::from(narrow).to_bits() == found.to_bits() {
        true => Ok(narrow),
        false => Err(format!("{found}, which is no f32")),
    }
});
column_type!(
    String,
    Text,
    |value| match value.contains('\0') {
        true => Err("text with a NUL".to_owned()),
        false => Ok(Cell::Text(value.clone())),
    },
    |found| Ok(found)
);
column_type!(Timestamp, Time, |value| Ok(Cell::Time(*value)), |found| Ok(
    found
));
column_type!(Uuid, Id, |value| Ok(Cell::Id(*value)), |found| Ok(found));

macro_rules! ids {
    ($($type:ty)*) => {
        $(column_type!($type, Id, |value| Ok(Cell::Id(value.as_uuid())), |found| Ok(Self::from_uuid(found)));)*
    };
}

ids!(AggregateId CommandId CorrelationId EventId TenantId);

impl<A> ColumnType for Id<A> {
    const KIND: ColumnKind = ColumnKind::Id;

    fn to_cell(&self) -> Result<Cell, String> {
        Ok(Cell::Id(self.as_uuid()))
    }

    fn from_cell(cell: Cell) -> Result<Self, String> {
        Uuid::from_cell(cell).map(Self::from_uuid)
    }
}

impl<T: ColumnType> ColumnType for Option<T> {
    const KIND: ColumnKind = T::KIND;
    const NULLABLE: bool = true;

    fn to_cell(&self) -> Result<Cell, String> {
        // `Some` of an empty value would be read as `None`.
        match self.as_ref().map(T::to_cell).transpose()? {
            Some(Cell::Null) => Err("empty value within an `Option`".to_owned()),
            Some(cell) => Ok(cell),
            None => Ok(Cell::Null),
        }
    }

    fn from_cell(cell: Cell) -> Result<Self, String> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}
