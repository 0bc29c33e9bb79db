//! Events as they are stored.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

use intent_runtime::prelude::*;

use super::account::{Closed, Opened};

/// A line that
/// goes on.
///
/// And a paragraph.
#[event(name = "test.named")]
pub struct Named {
    /// What it is called.
    pub r#type: String,
    #[serde(rename = "n", default)]
    pub number: u32,
}

#[event]
pub struct Renamed(pub String);

#[event]
#[derive(Clone, Copy, Eq, Hash, serde::Serialize, Debug, PartialEq)]
pub struct Own {
    pub value: u8,
}

fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
    serde_json::to_value(schemars::schema_for!(T)).unwrap()
}

#[test]
fn name_version_and_doc_comment_are_constants() {
    assert_eq!((Named::NAME, Named::VERSION), ("test.named", 1));
    assert_eq!(Named::DOC, "A line that\ngoes on.\n\nAnd a paragraph.");
    assert_eq!(
        (Opened::NAME, Opened::DOC),
        ("Opened", "An account was opened.")
    );
}

#[test]
fn serde_attributes_work_as_ever() {
    let named = Named {
        r#type: "x".into(),
        number: 1,
    };
    let json = serde_json::to_string(&named).unwrap();
    assert_eq!(json, r#"{"type":"x","n":1}"#);
    assert_eq!(Named::decode(1, br#"{"type":"x"}"#).unwrap().number, 0);
}

#[test]
fn the_schema_is_that_of_the_struct() {
    let schema = schema::<Named>();
    assert_eq!(schema["title"], "Named");
    assert_eq!(
        schema["description"],
        "A line that\ngoes on.\n\nAnd a paragraph."
    );
    assert_eq!(
        schema["properties"]["type"]["description"],
        "What it is called."
    );
    assert_eq!(schema["properties"]["n"]["type"], "integer");
    assert_eq!(schema["required"], serde_json::json!(["type"]));
}

#[test]
fn an_event_without_fields_is_an_object_to_which_some_can_come() {
    assert_eq!(serde_json::to_string(&Closed).unwrap(), "{}");
    assert_eq!(Closed::decode(1, b"{}").unwrap(), Closed);
    assert_eq!(Closed::decode(1, br#"{"later":1}"#).unwrap(), Closed);
    assert!(Closed::decode(1, b"null").is_err());
    let schema = schema::<Closed>();
    assert_eq!(
        (&schema["title"], &schema["type"]),
        (&"Closed".into(), &"object".into())
    );
}

#[test]
fn a_newtype_is_its_inner_value() {
    assert_eq!(
        serde_json::to_string(&Renamed("x".into())).unwrap(),
        r#""x""#
    );
    assert_eq!(Renamed::decode(1, br#""x""#).unwrap(), Renamed("x".into()));
    assert_eq!(schema::<Renamed>()["type"], "string");
}

#[test]
fn what_the_user_derives_is_not_derived_again() {
    let own = Own { value: 1 };
    assert_eq!(Own::decode(1, br#"{"value":1}"#).unwrap(), own);
}

#[test]
fn a_payload_of_another_shape_is_an_error() {
    assert!(Opened::decode(1, br#"{"owner":5}"#).is_err());
    assert!(Opened::decode(0, b"{}").is_err());
    assert!(Opened::decode(2, b"{}").is_err());
}

type Hasher = BuildHasherDefault<DefaultHasher>;

/// What serde and schemars accept, an event may hold.
#[event]
pub struct Held {
    pub name: Box<str>,
    pub shared: Arc<str>,
    pub parts: Arc<[Box<[u8]>]>,
    pub numbers: HashMap<String, u8, Hasher>,
    pub words: HashSet<String, Hasher>,
    pub sorted: BTreeMap<Box<str>, Option<(u8, [bool; 2])>>,
}

#[test]
fn borrowed_forms_in_a_box_and_other_hashers_are_storable() {
    let json = r#"{"name":"a","shared":"b","parts":[[1],[]],"numbers":{"c":1},"words":["d"],"sorted":{"e":[2,[true,false]]}}"#;
    let held = Held::decode(1, json.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&held).unwrap(), json);
}

/// An attribute for the schema alone stays conditional.
#[event]
pub struct Described {
    #[cfg_attr(all(), schemars(range(min = 1)), doc = "From one.")]
    pub number: u8,
}

#[test]
fn conditional_attributes_reach_the_schema() {
    let number = &schema::<Described>()["properties"]["number"];
    assert_eq!(
        (&number["minimum"], &number["description"]),
        (&1.into(), &"From one.".into())
    );
}
