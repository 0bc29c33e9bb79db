//! What a [`ReadModel`](crate::ReadModel) consists of: columns, keys, and routes from events to rows. `#[derive(ReadModel)]`
//! writes the code that needs them.

pub(crate) mod access;
pub(crate) mod error;
pub(crate) mod fold;
pub(crate) mod inline;
pub(crate) mod kind;
mod links;
pub(crate) mod list;
pub(crate) mod projection;
pub(crate) mod read;
mod text;

pub use crate::{
    model::read_model::{
        access::ActorName,
        column::{ColumnType, INDEXED_TEXT, UnfitCell, UnfitValue},
        inline::RowError,
        json::AsJson,
        key::{IntoKeys, KeyColumn, RowKey},
        route::{Effect, EffectOf, EffectOn, InlineEffectOf, Routes},
    },
    read_model::{
        list::List,
        read::{Parameter, Parameters},
    },
    record::{
        access::AccessRule,
        column::{Cell, Column, ColumnKind},
    },
};

#[doc(hidden)]
pub use crate::model::read_model::route::Change;
