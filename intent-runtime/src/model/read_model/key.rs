//! Keys of rows.

use std::{fmt::Debug, hash::Hash};

use crate::{
    model::read_model::column::ColumnType,
    record::{
        column::Cell,
        id::{AggregateId, CommandId, CorrelationId, EventId, Id, TenantId},
        timestamp::Timestamp,
    },
};

/// The key of a row: a type of column that can be compared, or a tuple of up to four.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the key of a row",
    label = "no key",
    note = "a key is a `bool`, an integer, a `String`, an id or a `Timestamp`, or a tuple of up to four of them",
    note = "a `#[value]` that wraps one of them, or is an enum without fields, also needs `#[derive(Eq, Hash)]`"
)]
pub trait RowKey: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// Its cells, in the order of the key's columns.
    ///
    /// # Errors
    /// The number of the column, from 0, and what it does not take.
    fn cells(&self) -> Result<Vec<Cell>, (usize, String)>;

    /// The key that has these cells.
    ///
    /// # Errors
    /// What there is instead.
    fn from_cells(cells: Vec<Cell>) -> Result<Self, String>;
}

/// A type of column that may be a part of a key.
pub trait KeyColumn: ColumnType + InKey {}

/// What Rust asks of a part of a key.
pub trait InKey: Clone + Debug + Eq + Hash + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Debug + Eq + Hash + Send + Sync + 'static> InKey for T {}

macro_rules! key_columns {
    ($($type:ty)*) => {
        $(impl KeyColumn for $type {})*
    };
}

key_columns! {
    bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize String Timestamp
    AggregateId CommandId CorrelationId EventId TenantId
}

impl<A: 'static> KeyColumn for Id<A> {}

#[diagnostic::do_not_recommend]
impl<T: KeyColumn> RowKey for T {
    fn cells(&self) -> Result<Vec<Cell>, (usize, String)> {
        Ok(vec![self.to_cell().map_err(|what| (0, what))?])
    }

    fn from_cells(cells: Vec<Cell>) -> Result<Self, String> {
        next(&mut cells.into_iter())
    }
}

/// The value of the next cell.
fn next<T: ColumnType>(cells: &mut impl Iterator<Item = Cell>) -> Result<T, String> {
    let cell = cells.next().ok_or_else(|| "a part less".to_owned())?;
    T::from_cell(cell)
}

macro_rules! tuples {
    ($(($($name:ident $index:tt),+))*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<$($name: KeyColumn),+> RowKey for ($($name,)+) {
                fn cells(&self) -> Result<Vec<Cell>, (usize, String)> {
                    Ok(vec![$(self.$index.to_cell().map_err(|what| ($index, what))?),+])
                }

                fn from_cells(cells: Vec<Cell>) -> Result<Self, String> {
                    let mut cells = cells.into_iter();
                    Ok(($(next::<$name>(&mut cells)?,)+))
                }
            }
        )*
    };
}

tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}

/// What `by` or a link gives: a key, or any number of them in an `Option`, an array or a `Vec`.
#[diagnostic::on_unimplemented(
    message = "the key of the row is `{K}`, and here it is `{Self}`",
    label = "not a key of the row",
    note = "give a `{K}`, or an `Option`, an array or a `Vec` of it"
)]
pub trait IntoKeys<K> {
    /// The keys.
    fn into_keys(self) -> impl Iterator<Item = K>;
}

#[diagnostic::do_not_recommend]
impl<K> IntoKeys<K> for K {
    fn into_keys(self) -> impl Iterator<Item = K> {
        std::iter::once(self)
    }
}

#[diagnostic::do_not_recommend]
impl<K> IntoKeys<K> for Option<K> {
    fn into_keys(self) -> impl Iterator<Item = K> {
        self.into_iter()
    }
}

#[diagnostic::do_not_recommend]
impl<K> IntoKeys<K> for Vec<K> {
    fn into_keys(self) -> impl Iterator<Item = K> {
        self.into_iter()
    }
}

#[diagnostic::do_not_recommend]
impl<K, const N: usize> IntoKeys<K> for [K; N] {
    fn into_keys(self) -> impl Iterator<Item = K> {
        self.into_iter()
    }
}
