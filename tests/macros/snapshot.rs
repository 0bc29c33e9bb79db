//! Snapshots: the state's own serde form.

use intent_runtime::{DecodeError, Snapshot, prelude::*};

use super::account::{Account, Money, Opened};

fn account() -> Account {
    let opened = Opened {
        owner: "Ada".into(),
    };
    let mut account = Account::init(Id::from_name("1"), &opened.into()).unwrap();
    account.balance = Money { cents: 7 };
    account
}

#[test]
fn a_state_is_written_field_by_field_and_read_back() {
    let json = account().encode_state().unwrap();
    let id = account().id;
    assert_eq!(
        json.get(),
        format!(
            r#"{{"id":"{id}","owner":"Ada","balance":{{"cents":7}},"notes":[],"closed":false,"address":null}}"#
        )
    );
    let read = Account::decode_state(1, json.get().as_bytes()).unwrap();
    assert_eq!(read, account());
}

#[test]
fn another_version_or_shape_is_not_read() {
    let future = Account::decode_state(2, b"{}").unwrap_err();
    assert!(matches!(future, DecodeError::FutureVersion { .. }));
    assert!(Account::decode_state(1, br#"{"owner":"Ada"}"#).is_err());
}

#[test]
fn every_is_what_was_written() {
    assert_eq!((Account::EVERY, <Account as Snapshot>::VERSION), (100, 1));
    assert!(Account::snapshots().is_some());
}

#[event]
pub struct Began;

/// Attributes of serde on the fields shape the snapshot, without serde's derives on the aggregate.
#[derive(Aggregate)]
#[aggregate(created_by(Began), snapshot(every = 2))]
pub struct Cached {
    #[id]
    id: Id<Cached>,
    #[serde(rename = "n", with = "text")]
    number: u32,
}

mod text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&number.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[test]
fn serde_attributes_on_fields_hold() {
    let mut cached = Cached::init(Id::from_name("1"), &Began.into()).unwrap();
    cached.number = 12;
    let json = cached.encode_state().unwrap();
    assert!(json.get().ends_with(r#""n":"12"}"#), "{json}");
    assert_eq!(
        Cached::decode_state(1, json.get().as_bytes())
            .unwrap()
            .number,
        12
    );
}
