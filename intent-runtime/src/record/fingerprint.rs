//! The fingerprint of a command: it shows whether a command id is used for the same command again.

use std::fmt::Display;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use sha2::{Digest, Sha256};

use crate::record::text_form::hex;

/// How many bytes of the digest are kept: enough against accidents, and it is no protection against attacks.
const KEPT: usize = 8;
/// `None`, and `()`.
const NULL: &str = "null";
/// Written before `null` for each `Some` around a `None`.
const SOME: char = '?';

/// The fingerprint of a command, in hex: the first 8 bytes of SHA-256 over its name, a byte 0, and the command in
/// [`canonical`] form. See [`SendOptions::command_id`](crate::SendOptions::command_id) for what that leaves out.
pub(crate) fn of(name: &str, canonical: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(name);
    // No name contains it, so it ends the name.
    hash.update([0]);
    hash.update(canonical);
    hex(&hash.finalize()[..KEPT])
}

/// A command in canonical form. Only this is compiled for each type of command.
///
/// # Errors
/// When the command's own `Serialize` fails.
pub(crate) fn canonical(command: &impl Serialize) -> Result<String, serde_json::Error> {
    command.serialize(Canonical)
}

/// Writes a value in canonical form: like JSON, with the fields of structs and the keys of maps sorted. Fields of structs that
/// are null are left out, so that a new optional field changes no fingerprint. Entries of maps stay, because a key has a meaning
/// even with a null. A JSON value could not tell structs from maps, so this is a serializer.
struct Canonical;

type Written = Result<String, serde_json::Error>;

/// The elements of a list, or the fields of a struct or the entries of a map, which are to be sorted.
struct Parts {
    /// The variant whose content they are.
    variant: Option<&'static str>,
    is_list: bool,
    written: Vec<String>,
    /// The key of the entry whose value comes next.
    key: Option<String>,
}

impl Parts {
    fn list(variant: Option<&'static str>) -> Self {
        Self {
            variant,
            is_list: true,
            written: Vec::new(),
            key: None,
        }
    }

    fn members(variant: Option<&'static str>) -> Self {
        Self {
            is_list: false,
            ..Self::list(variant)
        }
    }

    /// Adds a field under its key unless it is null, or an element, which has no key.
    fn add<T: Serialize + ?Sized>(
        &mut self,
        key: Option<&'static str>,
        value: &T,
    ) -> Result<(), serde_json::Error> {
        let value = value.serialize(Canonical)?;
        match key {
            None => self.written.push(format!("{value},")),
            Some(_) if value == NULL => {}
            Some(key) => self.written.push(format!("{}:{value},", text(key))),
        }
        Ok(())
    }

    fn written(mut self) -> String {
        if self.is_list {
            return within(self.variant, format!("[{}]", self.written.concat()));
        }
        self.written.sort_unstable();
        within(self.variant, format!("{{{}}}", self.written.concat()))
    }
}

/// A content, with the name of its variant if there is one.
fn within(variant: Option<&'static str>, content: String) -> String {
    match variant {
        Some(variant) => format!("{{{}:{content},}}", text(variant)),
        None => content,
    }
}

fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

macro_rules! as_displayed {
    ($($function:ident: $number:ty),+ $(,)?) => {$(
        fn $function(self, value: $number) -> Written {
            Ok(value.to_string())
        }
    )+};
}

macro_rules! in_parts {
    ($($function:ident($($argument:tt: $type:ty),+) => $parts:expr,)+) => {$(
        fn $function(self, $($argument: $type),+) -> Result<Parts, serde_json::Error> {
            Ok($parts)
        }
    )+};
}

impl Serializer for Canonical {
    type Ok = String;
    type Error = serde_json::Error;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    as_displayed! {
        serialize_bool: bool,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64,
    }

    fn serialize_char(self, value: char) -> Written {
        self.collect_str(&value)
    }

    fn serialize_str(self, value: &str) -> Written {
        Ok(text(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        Ok(format!("{value:?}"))
    }

    fn serialize_none(self) -> Written {
        Ok(NULL.to_owned())
    }

    /// JSON has the same `null` for `None` and `Some(None)`, and the second may mean that a value is removed.
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        let value = value.serialize(self)?;
        Ok(match value.trim_start_matches(SOME) {
            NULL => format!("{SOME}{value}"),
            _ => value,
        })
    }

    fn serialize_unit(self) -> Written {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        Ok(text(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        Ok(within(Some(variant), value.serialize(self)?))
    }

    in_parts! {
        serialize_seq(_: Option<usize>) => Parts::list(None),
        serialize_tuple(_: usize) => Parts::list(None),
        serialize_tuple_struct(_: &'static str, _: usize) => Parts::list(None),
        serialize_tuple_variant(_: &'static str, _: u32, name: &'static str, _: usize) => Parts::list(Some(name)),
        serialize_map(_: Option<usize>) => Parts::members(None),
        serialize_struct(_: &'static str, _: usize) => Parts::members(None),
        serialize_struct_variant(_: &'static str, _: u32, name: &'static str, _: usize) => Parts::members(Some(name)),
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Written {
        Ok(text(&value.to_string()))
    }
}

/// The traits differ in the name of one function, and in whether it takes a key.
macro_rules! as_parts {
    ($($of:ident::$add:ident($($key:ident)?),)+) => {$(
        impl $of for Parts {
            type Ok = String;
            type Error = serde_json::Error;

            fn $add<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Result<(), Self::Error> {
                self.add(None$(.or(Some($key)))?, value)
            }

            fn end(self) -> Written {
                Ok(self.written())
            }
        }
    )+};
}

as_parts! {
    SerializeSeq::serialize_element(),
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeTupleVariant::serialize_field(),
    SerializeStruct::serialize_field(key),
    SerializeStructVariant::serialize_field(key),
}

impl SerializeMap for Parts {
    type Ok = String;
    type Error = serde_json::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Self::Error> {
        self.key = Some(key.serialize(Canonical)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        let key = self.key.take();
        let key =
            key.ok_or_else(|| serde_json::Error::custom("a map has a value without a key"))?;
        let value = value.serialize(Canonical)?;
        self.written.push(format!("{key}:{value},"));
        Ok(())
    }

    fn end(self) -> Written {
        match self.key {
            None => Ok(self.written()),
            Some(_) => Err(serde_json::Error::custom("a map has a key without a value")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use serde::Serialize;

    use super::Canonical;

    #[derive(Serialize)]
    struct Inner {
        b: Option<u8>,
        a: f64,
    }

    #[derive(Serialize)]
    struct Flat {
        #[serde(flatten)]
        inner: Inner,
        c: Option<u8>,
    }

    #[derive(Serialize)]
    enum Choice {
        Unit,
        One(Option<u8>),
        Two(u8, Option<u8>),
        Named { z: Option<u8>, y: char },
    }

    fn written(value: &impl Serialize) -> String {
        value.serialize(Canonical).unwrap()
    }

    #[test]
    fn the_order_of_fields_and_those_that_are_nothing_do_not_count() {
        assert_eq!(written(&Inner { b: None, a: 1.5 }), r#"{"a":1.5,}"#);
        let inner = Inner { b: Some(1), a: 1.5 };
        assert_eq!(written(&inner), r#"{"a":1.5,"b":1,}"#);
    }

    #[test]
    fn all_else_counts() {
        assert_eq!(written(&Choice::Unit), r#""Unit""#);
        assert_eq!(written(&Choice::One(None)), r#"{"One":null,}"#);
        assert_eq!(written(&Choice::Two(1, None)), r#"{"Two":[1,null,],}"#);
        let named = Choice::Named { z: None, y: '"' };
        assert_eq!(written(&named), r#"{"Named":{"y":"\"",},}"#);
        let map = BTreeMap::from([("b", None), ("a", Some(1))]);
        assert_eq!(written(&map), r#"{"a":1,"b":null,}"#);
        let keys: HashMap<u8, ()> = (0..9).map(|key| (key, ())).collect();
        assert_eq!(written(&keys).matches(":null,").count(), 9);
        assert_eq!(written(&[Some(1), None]), "[1,null,]");
        let nested: [Option<Option<Option<u8>>>; 4] =
            [None, Some(None), Some(Some(None)), Some(Some(Some(1)))];
        assert_eq!(written(&nested), "[null,?null,??null,1,]");
        // serde writes such a struct as a map.
        let inner = Inner { b: None, a: 1.5 };
        let flat = Flat { inner, c: None };
        assert_eq!(written(&flat), r#"{"a":1.5,"b":null,"c":null,}"#);
    }
}
