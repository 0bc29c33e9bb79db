//! Value objects.

use std::collections::BTreeMap;

use intent_runtime::prelude::*;

/// An amount in some currency.
#[value]
#[derive(Default, Eq, PartialOrd)]
pub struct Amount {
    /// In the smallest unit.
    pub cents: i64,
}

/// Alternatives.
#[value]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Payment {
    /// In cash.
    Cash,
    ByCard {
        number: String,
    },
}

#[value]
pub enum Plain {
    One,
    Two(Amount),
    Nested(Option<Box<Self>>),
}

#[value]
pub struct Page<T> {
    pub items: Vec<T>,
    pub more: BTreeMap<String, T>,
}

/// None of these can be read as one above it.
#[value]
#[serde(untagged)]
pub enum Given {
    Card { cents: u64, number: String },
    Cash { cents: u64 },
    Whole(i64),
    Part(f64),
    Pair(i64, i64),
    Named(String),
    Nothing,
}

fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
    serde_json::to_value(schemars::schema_for!(T)).unwrap()
}

fn round_trip<T>(value: T, json: &str)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug + Clone,
{
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
    assert_eq!(serde_json::from_str::<T>(json).unwrap(), value.clone());
}

#[test]
fn structs_and_enums_round_trip() {
    round_trip(Amount { cents: 5 }, r#"{"cents":5}"#);
    let number = String::from("1");
    round_trip(
        Payment::ByCard { number },
        r#"{"kind":"by_card","number":"1"}"#,
    );
    round_trip(Payment::Cash, r#"{"kind":"cash"}"#);
    round_trip(
        Plain::Nested(Some(Box::new(Plain::One))),
        r#"{"Nested":"One"}"#,
    );
    round_trip(Plain::Two(Amount { cents: 1 }), r#"{"Two":{"cents":1}}"#);
}

#[test]
fn untagged_alternatives_that_differ_round_trip() {
    let number = String::from("1");
    let card = Given::Card { cents: 5, number };
    round_trip(card, r#"{"cents":5,"number":"1"}"#);
    round_trip(Given::Cash { cents: 5 }, r#"{"cents":5}"#);
    round_trip(Given::Whole(1), "1");
    round_trip(Given::Part(1.0), "1.0");
    round_trip(Given::Pair(1, 2), "[1,2]");
    round_trip(Given::Named("1".into()), r#""1""#);
    round_trip(Given::Nothing, "null");
}

#[test]
fn generic_values_have_one_schema_per_instance() {
    let page = Page {
        items: vec![Amount { cents: 1 }],
        more: BTreeMap::new(),
    };
    round_trip(page, r#"{"items":[{"cents":1}],"more":{}}"#);
    let amounts = schema::<Page<Amount>>();
    assert!(amounts["$defs"]["Amount"].is_object(), "{amounts:#}");
    let numbers = schema::<Page<u8>>();
    assert_eq!(numbers["properties"]["items"]["items"]["type"], "integer");
}

#[test]
fn comments_become_descriptions() {
    let schema = schema::<Amount>();
    assert_eq!(schema["description"], "An amount in some currency.");
    assert_eq!(
        schema["properties"]["cents"]["description"],
        "In the smallest unit."
    );
}
