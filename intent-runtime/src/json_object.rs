//! [`JsonObject`]: a stored payload on its way from one version to the next.

use std::{fmt, ops::Range};

use serde::{
    Deserialize, Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::value::RawValue;

use crate::UpcastError;

/// A JSON object in its own order, whose values are raw text until they are asked for.
///
/// What an upcasting step does not touch keeps its bytes: numbers of any length, spacing, escapes.
///
/// ```
/// use intent_runtime::{JsonObject, UpcastError};
/// fn cents_to_money(mut v2: JsonObject) -> Result<JsonObject, UpcastError> {
///     let cents: i64 = v2.take("cents")?;
///     v2.set("amount", serde_json::json!({ "cents": cents }))?;
///     Ok(v2)
/// }
/// let v2 = JsonObject::parse(br#"{"cents": 5, "ratio": 0.123456789012345678901234567890}"#)?;
/// let v3 = cents_to_money(v2)?;
/// assert_eq!(v3.to_string(), r#"{"ratio":0.123456789012345678901234567890,"amount":{"cents":5}}"#);
/// # Ok::<(), UpcastError>(())
/// ```
#[derive(Clone, Default)]
pub struct JsonObject {
    /// The text it was read from; untouched fields are ranges of it.
    source: String,
    fields: Vec<Field>,
}

#[derive(Clone)]
struct Field {
    key: String,
    value: Text,
}

#[derive(Clone)]
enum Text {
    Source(Range<usize>),
    Own(Box<RawValue>),
}

impl JsonObject {
    /// An object without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an object, checking that all of it is JSON. Of a key that occurs twice, the last one counts.
    ///
    /// # Errors
    /// [`UpcastError::NotAnObject`] if the text is anything else.
    pub fn parse(payload: &[u8]) -> Result<Self, UpcastError> {
        let source = std::str::from_utf8(payload)
            .map_err(|error| not_an_object(serde::de::Error::custom(error)))?;
        let fields: Fields<'_> = serde_json::from_str(source).map_err(not_an_object)?;
        let start = source.as_ptr().addr();
        let mut object = Self {
            source: source.to_owned(),
            fields: Vec::with_capacity(fields.0.len()),
        };
        for (key, value) in fields.0 {
            let from = value.get().as_ptr().addr() - start;
            object.put(key, Text::Source(from..from + value.get().len()));
        }
        Ok(object)
    }

    /// Whether there is a field with this key.
    pub fn contains(&self, key: &str) -> bool {
        self.index(key).is_some()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.key.as_str())
    }

    /// The value of a field, as any type that can be deserialized; `Option<T>` for one that may be null.
    ///
    /// # Errors
    /// [`UpcastError::Missing`] if there is no such field, [`UpcastError::Field`] if it holds something else.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<T, UpcastError> {
        let index = self.index(key).ok_or_else(|| UpcastError::Missing {
            field: key.to_owned(),
        })?;
        let text = self.text(&self.fields[index].value);
        serde_json::from_str(text).map_err(|source| UpcastError::Field {
            field: key.to_owned(),
            source,
        })
    }

    /// The value of a field, which is removed.
    ///
    /// # Errors
    /// As [`get`](Self::get); the field then stays.
    pub fn take<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, UpcastError> {
        let value = self.get(key)?;
        self.remove(key);
        Ok(value)
    }

    /// Gives a field a value, in its place if the field exists, else at the end.
    ///
    /// # Errors
    /// [`UpcastError::Field`] if the value cannot be serialized.
    pub fn set<T: Serialize>(&mut self, key: &str, value: T) -> Result<(), UpcastError> {
        let value =
            serde_json::value::to_raw_value(&value).map_err(|source| UpcastError::Field {
                field: key.to_owned(),
                source,
            })?;
        self.put(key.to_owned(), Text::Own(value));
        Ok(())
    }

    /// Gives a field another key; nothing happens if it does not exist.
    ///
    /// # Errors
    /// [`UpcastError::Occupied`] if a field with the new key exists.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), UpcastError> {
        if from == to {
            return Ok(());
        }
        let Some(index) = self.index(from) else {
            return Ok(());
        };
        if self.contains(to) {
            return Err(UpcastError::Occupied {
                field: to.to_owned(),
            });
        }
        to.clone_into(&mut self.fields[index].key);
        Ok(())
    }

    /// Removes a field, and says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let index = self.index(key);
        if let Some(index) = index {
            self.fields.remove(index);
        }
        index.is_some()
    }

    /// The object as a value of any type, straight from the raw fields.
    pub(crate) fn deserialize<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(MapAccessDeserializer::new(RawFields {
            object: self,
            next: 0,
        }))
    }

    fn index(&self, key: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.key == key)
    }

    fn put(&mut self, key: String, value: Text) {
        match self.index(&key) {
            Some(index) => self.fields[index].value = value,
            None => self.fields.push(Field { key, value }),
        }
    }

    fn text<'a>(&'a self, value: &'a Text) -> &'a str {
        match value {
            Text::Source(range) => &self.source[range.clone()],
            Text::Own(value) => value.get(),
        }
    }
}

fn not_an_object(source: serde_json::Error) -> UpcastError {
    UpcastError::NotAnObject(source)
}

/// The object as JSON text.
impl fmt::Display for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, field) in self.fields.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let key = serde_json::to_string(&field.key).map_err(|_| fmt::Error)?;
            write!(f, "{comma}{key}:{}", self.text(&field.value))?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The fields of an object as they stand in its text.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
                let mut fields = Vec::with_capacity(8);
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Hands an object's fields to serde without writing the object out again.
struct RawFields<'a> {
    object: &'a JsonObject,
    next: usize,
}

impl<'de> MapAccess<'de> for RawFields<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        let Some(field) = self.object.fields.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        seed.deserialize(field.key.as_str().into_deserializer())
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        let field = self
            .next
            .checked_sub(1)
            .and_then(|index| self.object.fields.get(index));
        let field = field
            .ok_or_else(|| serde::de::Error::custom("a value was asked for before its key"))?;
        let text = self.object.text(&field.value);
        let value = seed.deserialize(&mut serde_json::Deserializer::from_str(text));
        value.map_err(|error| {
            serde::de::Error::custom(format_args!("field `{}`: {error}", field.key))
        })
    }
}
