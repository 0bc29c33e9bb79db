//! JSON Schemas, made when they are asked for.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

/// The JSON Schema of a type.
#[derive(Clone, Copy)]
pub(crate) struct Shape(fn(&mut SchemaGenerator) -> Schema);

impl Shape {
    pub(crate) const fn of<T: JsonSchema>() -> Self {
        Self(SchemaGenerator::subschema_for::<T>)
    }

    pub(crate) fn schema(self, generator: &mut SchemaGenerator) -> Schema {
        (self.0)(generator)
    }

    /// The schema by itself, with that of every type in it written out in its place. Only a type that contains itself
    /// is defined under its name.
    pub(crate) fn whole(self) -> Schema {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.inline_subschemas = true;
        });
        let mut generator = settings.into_generator();
        let mut schema = self.schema(&mut generator);
        let definitions = generator.take_definitions(true);
        if !definitions.is_empty() {
            schema.insert("$defs".to_owned(), Value::Object(definitions));
        }
        schema
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shape")
    }
}
