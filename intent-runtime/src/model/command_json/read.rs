//! How serde reads a type from a [`Node`].
//!
//! What does not depend on the type is in functions without type parameters, since the rest is compiled for every command.

use std::{iter, slice};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error as _, Expected, IntoDeserializer as _, MapAccess,
        SeqAccess, Unexpected, VariantAccess, Visitor,
        value::{MapDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Number;

use crate::model::command_json::{
    misfit::Misfit,
    path::Step,
    tree::{Content, Node},
};

/// What serde_json calls the newtype of a value that keeps its text.
const RAW: &str = "$serde_json::private::RawValue";

/// A value as serde's visitors take it.
enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Elements<'a>),
    Object(Members<'a>),
}

impl<'a> Node<'a> {
    fn value(&'a self) -> Result<Value<'a>, Misfit> {
        Ok(match &self.content {
            Content::List(elements) => Value::List(Elements(elements.iter().enumerate())),
            Content::Object(members) => Value::Object(Members(members.iter(), None)),
            Content::Scalar => match self.text {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text if text.starts_with('"') => Value::Text(serde_json::from_str(text)?),
                text => Value::Number(serde_json::from_str(text)?),
            },
        })
    }

    fn members(&'a self, expected: &dyn Expected) -> Result<Members<'a>, Misfit> {
        match &self.content {
            Content::Object(members) => Ok(Members(members.iter(), None)),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// The error for a field that is none of these.
    fn unknown(&self, fields: &'static [&'static str]) -> Option<Misfit> {
        let Content::Object(members) = &self.content else {
            return None;
        };
        let mut keys = members.iter().map(|(key, _)| key.as_str());
        let key = keys.find(|key| !fields.contains(key))?;
        Some(Misfit::unknown_field(key, fields).within(Step::Key(key.to_owned())))
    }

    /// The error of a struct. If a field is missing, an unknown one is most likely the one that was meant.
    fn unread(&self, misfit: Misfit, fields: &'static [&'static str]) -> Misfit {
        match misfit.is_within() {
            true => misfit,
            false => self.unknown(fields).unwrap_or(misfit).at(self.at),
        }
    }

    /// The variant of an enum: its name, and its content if it has one.
    fn variant(&'a self) -> Result<Variant<'a>, Misfit> {
        match (self.value()?, &self.content) {
            (Value::Text(name), _) => Ok(Variant(name, None)),
            (_, Content::Object(members)) if let [(name, content)] = members.as_slice() => {
                Ok(Variant(name.clone(), Some(content)))
            }
            _ => {
                Err(self
                    .unexpected(&"the name of a variant, or an object with that as its one key"))
            }
        }
    }

    fn unexpected(&self, expected: &dyn Expected) -> Misfit {
        let value = match self.value() {
            Ok(value) => value,
            Err(misfit) => return misfit,
        };
        let unexpected = match &value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Text(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => Unexpected::Unsigned(number),
                (_, Some(number), _) => Unexpected::Signed(number),
                (.., Some(number)) => Unexpected::Float(number),
                _ => Unexpected::Other("number"),
            },
        };
        Misfit::invalid_type(unexpected, expected)
    }
}

impl<'de> Deserializer<'de> for &'de Node<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = match self.value()? {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => number.deserialize_any(visitor).map_err(Misfit::from),
            Value::Text(text) => visitor.visit_string(text),
            Value::List(mut elements) => {
                let read = visitor.visit_seq(&mut elements);
                read.and_then(|read| elements.end().map(|()| read))
            }
            Value::Object(members) => visitor.visit_map(members),
        };
        read.map_err(|misfit| misfit.at(self.at))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let read = match self.members(&visitor) {
            Ok(members) => visitor.visit_map(members),
            Err(misfit) => Err(misfit),
        };
        match read {
            Ok(read) => match self.unknown(fields) {
                None => Ok(read),
                Some(misfit) => Err(misfit),
            },
            Err(misfit) => Err(self.unread(misfit, fields)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let read = self
            .variant()
            .and_then(|variant| visitor.visit_enum(variant));
        read.map_err(|misfit| misfit.at(self.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.text {
            "null" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match name {
            RAW => visitor.visit_map(MapDeserializer::new(iter::once((RAW, self.text)))),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    /// Rounded once, and not to an `f64` first.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match serde_json::from_str::<f32>(self.text) {
            Ok(number) if self.text.contains(['.', 'e', 'E']) => visitor.visit_f64(number.into()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match serde_json::from_str(self.text) {
            Ok(number) => visitor.visit_i128(number),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match serde_json::from_str(self.text) {
            Ok(number) => visitor.visit_u128(number),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        identifier ignored_any
    }
}

/// The elements of a list that are yet to be read.
struct Elements<'a>(iter::Enumerate<slice::Iter<'a, Node<'a>>>);

impl Elements<'_> {
    fn end(mut self) -> Result<(), Misfit> {
        match self.0.next() {
            None => Ok(()),
            Some((read, _)) => {
                let length = read + 1 + self.0.len();
                Err(Misfit::invalid_length(
                    length,
                    &format!("{read} elements").as_str(),
                ))
            }
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some((index, node)) = self.0.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(node);
        read.map(Some)
            .map_err(|misfit| misfit.at(node.at).within(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The members of an object that are yet to be read, and the one whose key was read last.
struct Members<'a>(
    slice::Iter<'a, (String, Node<'a>)>,
    Option<&'a (String, Node<'a>)>,
);

impl<'de> Members<'de> {
    fn step(&mut self) -> Option<&'de (String, Node<'de>)> {
        self.1 = self.0.next();
        self.1
    }

    fn member(&self) -> Result<&'de (String, Node<'de>), Misfit> {
        self.1
            .ok_or_else(|| Misfit::custom("a value is read before its key"))
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((key, node)) = self.step() else {
            return Ok(None);
        };
        match seed.deserialize(Key(key)) {
            Ok(key) => Ok(Some(key)),
            Err(misfit) => Err(node.wrong_key(misfit, key)),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        let (key, node) = self.member()?;
        seed.deserialize(node)
            .map_err(|misfit| node.wrong_key(misfit, key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The key of an object, or the name of a variant.
struct Key<'a>(&'a str);

/// Keys are texts in JSON; a type that is a number or a boolean is read from what the text says.
macro_rules! written_in_key {
    ($($function:ident: $type:ty => $visit:ident,)+) => {$(
        fn $function<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match serde_json::from_str::<$type>(self.0) {
                Ok(value) if !self.0.contains(char::is_whitespace) => visitor.$visit(value),
                _ => visitor.visit_str(self.0),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(self.0)
    }

    written_in_key! {
        deserialize_bool: bool => visit_bool,
        deserialize_i8: i8 => visit_i8,
        deserialize_i16: i16 => visit_i16,
        deserialize_i32: i32 => visit_i32,
        deserialize_i64: i64 => visit_i64,
        deserialize_i128: i128 => visit_i128,
        deserialize_u8: u8 => visit_u8,
        deserialize_u16: u16 => visit_u16,
        deserialize_u32: u32 => visit_u32,
        deserialize_u64: u64 => visit_u64,
        deserialize_u128: u128 => visit_u128,
        deserialize_f32: f32 => visit_f32,
        deserialize_f64: f64 => visit_f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(StrDeserializer::new(self.0))
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The variant of an enum: its name, and its content if it has one.
struct Variant<'a>(String, Option<&'a Node<'a>>);

impl<'a> Variant<'a> {
    fn content(&self, expected: &str) -> Result<&'a Node<'a>, Misfit> {
        self.1
            .ok_or_else(|| Misfit::invalid_type(Unexpected::UnitVariant, &expected))
    }

    fn within(&self, misfit: Misfit) -> Misfit {
        match self.1 {
            Some(content) => content.wrong_key(misfit, &self.0),
            None => misfit,
        }
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Misfit> {
        let name: StrDeserializer<'_, Misfit> = self.0.as_str().into_deserializer();
        let variant = seed.deserialize(name)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.1 {
            None => Ok(()),
            Some(content) => <()>::deserialize(content).map_err(|misfit| self.within(misfit)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        let content = self.content("newtype variant")?;
        seed.deserialize(content)
            .map_err(|misfit| self.within(misfit))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        let content = self.content("tuple variant")?;
        content
            .deserialize_seq(visitor)
            .map_err(|misfit| self.within(misfit))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let content = self.content("struct variant")?;
        content
            .deserialize_struct("", fields, visitor)
            .map_err(|misfit| self.within(misfit))
    }
}
