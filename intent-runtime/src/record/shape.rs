//! [`Shape`]: the JSON Schema of a type, made on demand.

use std::{borrow::Cow, cell::Cell, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

/// The JSON Schema of a type.
#[derive(Clone, Copy)]
pub(crate) struct Shape(&'static Functions);

/// The functions that [`JsonSchema`] has for a type.
struct Functions {
    is_inline: fn() -> bool,
    name: fn() -> Cow<'static, str>,
    id: fn() -> Cow<'static, str>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl Functions {
    const fn of<T: JsonSchema>() -> Self {
        Self {
            is_inline: T::inline_schema,
            name: T::schema_name,
            id: T::schema_id,
            schema: T::json_schema,
        }
    }
}

impl Shape {
    pub(crate) const fn of<T: JsonSchema>() -> Self {
        Self(const { &Functions::of::<T>() })
    }

    /// The schema, or a reference to it among the generator's definitions.
    pub(crate) fn schema(self, generator: &mut SchemaGenerator) -> Schema {
        CHOSEN.set(self);
        generator.subschema_for::<Chosen>()
    }

    /// The schema with those of all inner types written out in their places. Only a type that contains itself is defined under
    /// its name.
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

/// Represents the type whose schema is asked for. [`SchemaGenerator::subschema_for`] compiles four functions for each type.
/// For each event and command, these functions were a third of an aggregate's code; for this type, they are compiled once.
struct Chosen;

thread_local! {
    /// The type that [`Chosen`] stands for. It cannot be a field: the functions of [`JsonSchema`] take no value.
    static CHOSEN: Cell<Shape> = const { Cell::new(Shape::of::<()>()) };
}

/// The generator calls `json_schema` last. So a schema may ask for another [`Shape`], which chooses another type.
impl JsonSchema for Chosen {
    fn inline_schema() -> bool {
        (CHOSEN.get().0.is_inline)()
    }

    fn schema_name() -> Cow<'static, str> {
        (CHOSEN.get().0.name)()
    }

    fn schema_id() -> Cow<'static, str> {
        (CHOSEN.get().0.id)()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        (CHOSEN.get().0.schema)(generator)
    }
}
