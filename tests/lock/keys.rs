//! The keys of maps are part of a shape.

use intent_runtime::{Aggregate, prelude::*};

use super::{domain::catalogue, folder::Folder};

/// A domain whose maps have keys of these types.
macro_rules! keyed {
    ($module:ident, $event:ty, $value:ty) => {
        mod $module {
            #[allow(unused_imports)]
            use std::collections::{BTreeMap, HashMap};

            use intent_runtime::prelude::*;

            #[allow(unused_imports)]
            use super::{Day, Name, Text};

            #[derive(Aggregate)]
            #[aggregate(created_by(Happened))]
            pub struct Thing {
                #[id]
                id: Id<Thing>,
            }

            #[event]
            pub struct Happened {
                pub on: $event,
                pub kind: Kind,
                pub inner: Inner,
            }

            #[value]
            pub enum Kind {
                Whole($value),
                Part { on: $value },
            }

            #[value]
            pub struct Inner($value);
        }
    };
}

#[value]
#[derive(Eq, PartialOrd, Ord)]
pub enum Day {
    /// The first.
    Monday,
    Sunday,
}

#[value]
#[derive(Eq, PartialOrd, Ord)]
pub struct Name(String);

pub type Text = String;

/// Whether a lock that records one is content with the other.
fn is_same<One: Aggregate, Other: Aggregate>() -> bool {
    let folder = Folder::recording(catalogue::<One>());
    folder.check(&catalogue::<Other>()).is_ok()
}

keyed! { by_text, BTreeMap<String, u8>, Option<HashMap<String, u8>> }
keyed! { by_name, BTreeMap<Name, u8>, Option<std::collections::BTreeMap<Text, u8>> }
keyed! { by_bool, BTreeMap<bool, u8>, Option<HashMap<String, u8>> }
keyed! { by_letter, BTreeMap<char, u8>, Option<HashMap<String, u8>> }
keyed! { by_day, BTreeMap<Day, u8>, Option<HashMap<String, u8>> }
keyed! { by_number, BTreeMap<u32, u8>, Option<HashMap<String, u8>> }
keyed! { by_large_number, BTreeMap<u64, u8>, Option<HashMap<String, u8>> }
keyed! { by_bool_within, BTreeMap<String, u8>, Option<HashMap<bool, u8>> }
keyed! { by_letter_within, BTreeMap<String, u8>, Option<HashMap<char, u8>> }
keyed! { lists_by_bool, Vec<BTreeMap<String, Box<BTreeMap<bool, u8>>>>, Option<HashMap<String, u8>> }
keyed! { lists_by_letter, Vec<BTreeMap<String, Box<BTreeMap<char, u8>>>>, Option<HashMap<String, u8>> }

/// All of them are JSON objects with any key to schemars, and not one reads what another wrote.
#[test]
fn the_keys_of_maps_count() {
    assert!(!is_same::<by_text::Thing, by_bool::Thing>());
    assert!(!is_same::<by_text::Thing, by_letter::Thing>());
    assert!(!is_same::<by_text::Thing, by_day::Thing>());
    assert!(!is_same::<by_text::Thing, by_number::Thing>());
    assert!(!is_same::<by_number::Thing, by_large_number::Thing>());
    assert!(!is_same::<by_text::Thing, by_bool_within::Thing>());
    assert!(!is_same::<by_bool_within::Thing, by_letter_within::Thing>());
    assert!(!is_same::<lists_by_bool::Thing, lists_by_letter::Thing>());
}

#[test]
fn keys_that_are_any_text_leave_no_trace() {
    assert!(is_same::<by_text::Thing, by_name::Thing>());
    let folder = Folder::recording(catalogue::<by_name::Thing>());
    assert!(!folder.text().contains("x-keys"));
}
