//! A default without an order, such as that of a `HashSet`, keeps snapshots usable.

use std::collections::{BTreeSet, HashMap, HashSet};

use intent_runtime::{
    __private::{FieldValue, Show, given, state_version},
    prelude::*,
};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Aggregate)]
#[aggregate(created_by(Began), events())]
pub struct Thing {
    #[id]
    id: Id<Thing>,
}

#[event]
pub struct Began;

/// A value with a set, a list and a map in it.
#[derive(Serialize)]
struct Nested {
    tags: HashSet<u8>,
    steps: Vec<u8>,
    names: HashMap<&'static str, HashSet<u8>>,
}

#[derive(JsonSchema)]
struct Plain {
    #[expect(dead_code, reason = "only its schema is of use")]
    of: u8,
}

/// A state with a set as serde's default of a field.
#[derive(JsonSchema)]
struct Defaulted {
    #[serde(default = "tags")]
    #[expect(dead_code, reason = "only its schema is of use")]
    tags: HashSet<u8>,
}

fn tags() -> HashSet<u8> {
    HashSet::from([1, 2])
}

/// The versions that as many processes would make.
fn versions<S: JsonSchema>(given: &[FieldValue]) -> BTreeSet<u32> {
    let version = |_| state_version::<Thing, S>(1, &[], given);
    (0..50).map(version).collect()
}

#[test]
fn a_set_gives_one_version() {
    assert_eq!(
        versions::<Plain>(&[("tags", || given(Show(&tags()).json()))]).len(),
        1
    );
    let nested = || {
        let names = HashMap::from([("a", tags()), ("b", tags())]);
        let nested = Nested {
            tags: tags(),
            steps: vec![2, 1],
            names,
        };
        given(Show(&vec![nested]).json())
    };
    assert_eq!(versions::<Plain>(&[("nested", nested)]).len(), 1);
    assert_eq!(versions::<Defaulted>(&[]).len(), 1);
}

#[test]
fn another_set_or_list_gives_another_version() {
    let sets: [FieldValue; 2] = [
        ("tags", || given(Show(&tags()).json())),
        ("tags", || given(Show(&HashSet::from([1, 3])).json())),
    ];
    assert_ne!(versions::<Plain>(&sets[..1]), versions::<Plain>(&sets[1..]));
    let lists: [FieldValue; 2] = [
        ("steps", || given(Show(&[1, 2]).json())),
        ("steps", || given(Show(&[2, 1]).json())),
    ];
    assert_ne!(
        versions::<Plain>(&lists[..1]),
        versions::<Plain>(&lists[1..])
    );
}
