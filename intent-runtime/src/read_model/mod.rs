//! What a [`ReadModel`](crate::ReadModel) consists of: columns, keys, and routes from events to rows. `#[derive(ReadModel)]`
//! writes the code that needs them.

pub(crate) mod error;
pub(crate) mod fold;
pub(crate) mod kind;
pub(crate) mod read;

pub use crate::{
    model::read_model::{
        column::{ColumnType, UnfitCell, UnfitValue},
        json::AsJson,
        key::{IntoKeys, KeyColumn, RowKey},
        route::{Effect, EffectOf, Routes},
    },
    read_model::read::Parameters,
    record::column::{Cell, Column, ColumnKind},
};

#[doc(hidden)]
pub use crate::model::read_model::route::Change;
