//! How generated code finds out what a type can be shown as.
//!
//! The compiler prefers an inherent function to one of a trait, and the inherent one exists only if its bounds hold. All types
//! in generated code are concrete, so the choice is made at compile time and needs no bound on the user's types.

use std::{any::type_name, fmt};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::model::shown::{Text, ToJson};

/// A value that is to be shown.
#[derive(Debug)]
pub struct Show<'a, T>(pub &'a T);

impl<'a, T: Serialize> Show<'a, T> {
    /// The value as something that has JSON.
    pub fn json(&self) -> Option<&'a dyn ToJson> {
        Some(self.0)
    }
}

impl<'a, T: fmt::Debug> Show<'a, T> {
    /// The value as text.
    pub fn text(&self) -> Text<'a> {
        Text::Debug(self.0)
    }
}

/// Stands in for [`Show::json`] where the type has no `Serialize`.
pub trait NoJson<'a> {
    /// Nothing.
    fn json(&self) -> Option<&'a dyn ToJson> {
        None
    }
}

impl<'a, T> NoJson<'a> for Show<'a, T> {}

/// Stands in for [`Show::text`] where the type has no `Debug`.
pub trait NoDebug<'a> {
    /// The name of the type.
    fn text(&self) -> Text<'a>;
}

impl<'a, T> NoDebug<'a> for Show<'a, T> {
    fn text(&self) -> Text<'a> {
        Text::Type(type_name::<T>())
    }
}

/// `#[commands]`: the JSON of a refusal, where it has one.
pub fn refusal_json(json: Option<&dyn ToJson>) -> Option<Box<RawValue>> {
    json.and_then(|refusal| refusal.to_json().ok())
}
