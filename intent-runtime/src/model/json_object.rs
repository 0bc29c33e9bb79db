//! [`JsonObject`]: a stored payload that upcasting steps change.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    fmt,
    ops::Range,
};

use serde::{
    Deserialize, Serialize,
    de::{
        DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::value::RawValue;

use crate::model::upcast::UpcastError;

/// A JSON object that keeps the order of its fields, and the text of each value until a step reads it.
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
    /// The text it was read from, followed by every value that was set since. There is one buffer for all, because an
    /// allocation costs as much as a field of a small payload.
    text: String,
    fields: Vec<Field>,
}

/// A key and its value, as places in the text; the key without quotes and escapes.
#[derive(Clone)]
struct Field {
    key: Range<usize>,
    value: Range<usize>,
}

/// Spare bytes behind a payload, for what a step or two add.
const ROOM: usize = 64;
/// Up to this many fields, comparing each with each is as quick as an index.
const FEW_FIELDS: usize = 32;

impl JsonObject {
    /// An object without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads an object and checks that all of it is JSON. Of a key that occurs twice, the last value counts.
    ///
    /// # Errors
    /// [`UpcastError::NotAnObject`] if the text is anything else.
    pub fn parse(payload: &[u8]) -> Result<Self, UpcastError> {
        let source = std::str::from_utf8(payload)
            .map_err(|error| UpcastError::NotAnObject(serde::de::Error::custom(error)))?;
        let mut text = String::with_capacity(source.len() + ROOM);
        text.push_str(source);
        let object = Self {
            text,
            fields: Vec::with_capacity(8),
        };
        let mut deserializer = serde_json::Deserializer::from_str(source);
        let object = deserializer
            .deserialize_map(Parse { source, object })
            .and_then(|object| deserializer.end().map(|()| object));
        let mut object = object.map_err(UpcastError::NotAnObject)?;
        object.drop_repeated();
        Ok(object)
    }

    /// Whether there is a field with this key.
    pub fn contains(&self, key: &str) -> bool {
        self.index(key).is_some()
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| self.key(field))
    }

    /// The value of a field, as any type that can be deserialized; `Option<T>` for one that may be null.
    ///
    /// # Errors
    /// [`UpcastError::Missing`] if there is no such field, [`UpcastError::Field`] if it holds something else.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<T, UpcastError> {
        let index = self.index(key).ok_or_else(|| UpcastError::Missing {
            field: key.to_owned(),
        })?;
        serde_json::from_str(self.value(&self.fields[index])).map_err(UpcastError::field(key))
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
        let json = serde_json::to_string(&value).map_err(UpcastError::field(key))?;
        let value = self.append(&json);
        match self.index(key) {
            Some(index) => self.fields[index].value = value,
            None => {
                let key = self.append(key);
                self.fields.push(Field { key, value });
            }
        }
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
            return Err(UpcastError::occupied(to));
        }
        self.fields[index].key = self.append(to);
        Ok(())
    }

    /// `#[renamed(..)]` on several fields in one step: one may take the key that another one gives up.
    #[doc(hidden)]
    pub fn rename_together(&mut self, renames: &[(&str, &str)]) -> Result<(), UpcastError> {
        let renames = renames.iter();
        let found: Vec<(usize, &str)> = renames
            .filter_map(|(from, to)| self.index(from).map(|index| (index, *to)))
            .collect();
        for (at, (_, to)) in found.iter().enumerate() {
            let taken = found[..at].iter().any(|(_, earlier)| earlier == to);
            let stays = |index| !found.iter().any(|(moved, _)| *moved == index);
            if taken || self.index(to).is_some_and(stays) {
                return Err(UpcastError::occupied(to));
            }
        }
        for (index, to) in found {
            self.fields[index].key = self.append(to);
        }
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
        self.fields.iter().position(|field| self.key(field) == key)
    }

    fn key(&self, field: &Field) -> &str {
        &self.text[field.key.clone()]
    }

    fn value(&self, field: &Field) -> &str {
        &self.text[field.value.clone()]
    }

    /// Adds text of its own to the buffer.
    fn append(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    /// Keeps one field of each key, in the place of the first and with the value of the last.
    fn drop_repeated(&mut self) {
        let Self { text, fields } = self;
        let key = |field: &Field| &text[field.key.clone()];
        let is_repeated = |(index, field): (usize, &Field)| {
            let mut before = fields[..index].iter();
            before.any(|earlier| key(earlier) == key(field))
        };
        if fields.len() <= FEW_FIELDS && !fields.iter().enumerate().any(is_repeated) {
            return;
        }
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut kept: Vec<Field> = Vec::with_capacity(fields.len());
        for field in fields.drain(..) {
            match places.entry(&text[field.key.clone()]) {
                Entry::Occupied(place) => kept[*place.get()].value = field.value,
                Entry::Vacant(place) => {
                    place.insert(kept.len());
                    kept.push(field);
                }
            }
        }
        *fields = kept;
    }
}

/// The object as JSON text.
impl fmt::Display for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, field) in self.fields.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let key = serde_json::to_string(self.key(field)).map_err(|_| fmt::Error)?;
            write!(f, "{comma}{key}:{}", self.value(field))?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Notes the places of the fields in `source`. The object's text begins with a copy of it, so the places are the same.
struct Parse<'a> {
    source: &'a str,
    object: JsonObject,
}

impl<'de> Visitor<'de> for Parse<'de> {
    type Value = JsonObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<JsonObject, M::Error> {
        let start = self.source.as_ptr().addr();
        let place = |part: &str| {
            let from = part.as_ptr().addr() - start;
            from..from + part.len()
        };
        while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &RawValue>()? {
            let key = match key {
                Cow::Borrowed(key) => place(key),
                Cow::Owned(key) => self.object.append(&key),
            };
            let value = place(value.get());
            self.object.fields.push(Field { key, value });
        }
        Ok(self.object)
    }
}

/// A key. It is borrowed from the source unless it has escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

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
        seed.deserialize(self.object.key(field).into_deserializer())
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
        let text = self.object.value(field);
        let value = seed.deserialize(&mut serde_json::Deserializer::from_str(text));
        value.map_err(|error| {
            serde::de::Error::custom(format_args!("field `{}`: {error}", self.object.key(field)))
        })
    }
}
