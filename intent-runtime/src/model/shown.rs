//! A state as it can be shown: field by field, as JSON where the type of the field allows it.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::value::RawValue;

use crate::{model::json_object::JsonObject, record::bounded_json};

/// The value of a field, as it can be shown. In JSON each of them is a value; those that are text are strings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Shown {
    /// Its JSON. Numbers keep all their digits.
    Json(Box<RawValue>),
    /// Its `Debug`: its type has no `Serialize`, or JSON has no form for the value.
    Debug(String),
    /// The name of its type, which has neither.
    Type(&'static str),
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(json) => json.serialize(serializer),
            Self::Debug(text) => serializer.serialize_str(text),
            Self::Type(name) => serializer.serialize_str(name),
        }
    }
}

/// The fields of a state, in their order. In JSON it is an object.
#[derive(Clone, Debug, Default)]
pub struct ShownFields(Vec<(String, Shown)>);

impl ShownFields {
    /// Adds a field.
    pub fn push(&mut self, name: &str, value: Shown) {
        self.0.push((name.to_owned(), value));
    }

    /// The fields, each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shown)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// A field by its name.
    pub fn get(&self, name: &str) -> Option<&Shown> {
        let mut fields = self.iter();
        fields.find(|(known, _)| *known == name).map(|(_, it)| it)
    }

    /// `#[derive(Aggregate)]`: adds a field by the first of its forms that there is.
    #[doc(hidden)]
    pub fn add(&mut self, name: &str, json: Option<&dyn ToJson>, text: Text<'_>) {
        let json = json.and_then(|value| value.to_json().ok());
        let shown = json.map_or_else(|| text.shown(), Shown::Json);
        self.push(name, shown);
    }

    /// The fields of a JSON object; `None` if it is anything else.
    pub(crate) fn of_json(json: &RawValue) -> Option<Self> {
        let object = JsonObject::parse(json.get().as_bytes()).ok()?;
        let fields = object.keys().map(|key| {
            let value = object.get(key).ok()?;
            Some((key.to_owned(), Shown::Json(value)))
        });
        fields.collect::<Option<_>>().map(Self)
    }
}

impl Serialize for ShownFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A value that has JSON, without its type.
#[doc(hidden)]
pub trait ToJson {
    /// Its JSON.
    fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error>;
}

impl<T: Serialize> ToJson for T {
    fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error> {
        bounded_json::to_raw_value(self, usize::MAX)
    }
}

/// What shows a value that has no JSON.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Text<'a> {
    /// Its `Debug`.
    Debug(&'a dyn fmt::Debug),
    /// The name of its type.
    Type(&'static str),
}

impl Text<'_> {
    fn shown(self) -> Shown {
        match self {
            Self::Debug(value) => Shown::Debug(format!("{value:?}")),
            Self::Type(name) => Shown::Type(name),
        }
    }
}
