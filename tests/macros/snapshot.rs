//! Snapshots: the state's own serde form.

use intent_runtime::{Snapshot, prelude::*};

use super::account::{Account, Money, Opened};

fn account() -> Account {
    let opened = Opened {
        owner: "Ada".into(),
    };
    let mut account = Account::init(Id::from_name("1"), &opened.into())
        .unwrap()
        .unwrap();
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
    let read =
        Account::decode_state(<Account as Snapshot>::version(), json.get().as_bytes()).unwrap();
    assert_eq!(read, account());
}

#[test]
fn another_version_or_shape_is_not_read() {
    let version = <Account as Snapshot>::version();
    let json = account().encode_state().unwrap();
    for other in [0, 1, version - 1, version + 1] {
        let error = Account::decode_state(other, json.get().as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the snapshot is stale: it was taken under other fields or rules (version {other}, this build's is {version})"
            )
        );
    }
    assert!(Account::decode_state(version, br#"{"owner":"Ada"}"#).is_err());
}

#[test]
fn every_is_what_was_written() {
    assert_eq!(Account::EVERY, 100);
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
    let mut cached = Cached::init(Id::from_name("1"), &Began.into())
        .unwrap()
        .unwrap();
    cached.number = 12;
    let json = cached.encode_state().unwrap();
    assert!(json.get().ends_with(r#""n":"12"}"#), "{json}");
    assert_eq!(
        Cached::decode_state(<Cached as Snapshot>::version(), json.get().as_bytes())
            .unwrap()
            .number,
        12
    );
}

/// The same aggregate in several builds of a program.
macro_rules! build {
    ($build:ident: $(#[$doc:meta])* $amount:ident: $ty:ty, $($rule:tt)+) => {
        mod $build {
            use intent_runtime::prelude::*;

            use super::{Began, Counted};

            $(#[$doc])*
            #[derive(Aggregate)]
            #[aggregate(created_by(Began), events(Counted), snapshot(every = 2))]
            pub struct Counter {
                #[id]
                id: Id<Counter>,
                $(#[$doc])*
                #[on(Counted += $($rule)+)]
                $amount: $ty,
            }
        }
    };
}

#[event]
pub struct Counted {
    pub amount: u64,
}

build!(first: amount: u64, |e| e.amount);
build!(documented: /** What was counted. */ amount: u64, |e| e.amount);
build!(other_rule: amount: u64, |e| e.amount * 2);
build!(other_name: sum: u64, |e| e.amount);
build!(other_type: amount: u128, |e| u128::from(e.amount));

#[test]
fn a_changed_rule_or_field_makes_snapshots_stale_and_documentation_does_not() {
    let version = <first::Counter as Snapshot>::version();
    assert_ne!(version, 0);
    assert_eq!(version, <documented::Counter as Snapshot>::version());
    for other in [
        <other_rule::Counter as Snapshot>::version(),
        <other_name::Counter as Snapshot>::version(),
        <other_type::Counter as Snapshot>::version(),
    ] {
        assert_ne!(version, other);
    }
}
