//! Value objects in columns: what `#[value]` says of newtypes and of enums without fields.

use std::{fmt::Debug, hash::Hash};

use serde::{
    Serialize,
    de::{DeserializeOwned, IntoDeserializer as _, value::Error},
};

use crate::{
    model::read_model::{access::ActorName, column::ColumnType, key::KeyColumn},
    record::column::{Cell, ColumnKind},
};

/// A value object that is kept in a column as another type: `#[value]` implements it.
pub trait KeptAs: Sized {
    /// What the column has.
    type Kept;

    /// Gives what the column has to `read`.
    ///
    /// # Errors
    /// As `read`, or what keeps the value from being written.
    fn kept<R>(&self, read: impl FnOnce(&Self::Kept) -> Result<R, String>) -> Result<R, String>;

    /// The value that was kept so.
    ///
    /// # Errors
    /// What the column has instead.
    fn from_kept(kept: Self::Kept) -> Result<Self, String>;
}

#[diagnostic::do_not_recommend]
impl<T: KeptAs<Kept: ColumnType>> ColumnType for T {
    const KIND: ColumnKind = T::Kept::KIND;
    const NULLABLE: bool = T::Kept::NULLABLE;

    fn to_cell(&self) -> Result<Cell, String> {
        self.kept(T::Kept::to_cell)
    }

    fn from_cell(cell: Cell) -> Result<Self, String> {
        T::Kept::from_cell(cell).and_then(T::from_kept)
    }
}

#[diagnostic::do_not_recommend]
impl<T> KeyColumn for T where
    T: KeptAs<Kept: KeyColumn> + Clone + Debug + Eq + Hash + Send + Sync + 'static
{
}

#[diagnostic::do_not_recommend]
impl<T: KeptAs<Kept: ActorName>> ActorName for T {}

/// The name of a variant, as serde writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VariantName(String);

impl VariantName {
    /// The name of this variant.
    ///
    /// # Errors
    /// If serde does not write the value as a text.
    pub fn of(value: &impl Serialize) -> Result<Self, String> {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(name)) => Ok(Self(name)),
            _ => Err("value that serde does not write as a text".to_owned()),
        }
    }

    /// The variant of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn variant<T: DeserializeOwned>(&self) -> Result<T, String> {
        let read = T::deserialize(self.0.as_str().into_deserializer());
        read.map_err(|_: Error| format!("\"{}\", which is the name of no variant", self.0))
    }
}

impl ColumnType for VariantName {
    const KIND: ColumnKind = ColumnKind::Text;

    fn to_cell(&self) -> Result<Cell, String> {
        self.0.to_cell()
    }

    fn from_cell(cell: Cell) -> Result<Self, String> {
        String::from_cell(cell).map(Self)
    }
}

impl KeyColumn for VariantName {}
