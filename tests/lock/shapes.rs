//! What is part of a shape and what is not.

use intent_runtime::Aggregate;

use super::{domain::catalogue, folder::Folder};

/// A domain around one event with one value.
macro_rules! event_with {
    ($module:ident, $($items:tt)*) => {
        mod $module {
            #[allow(unused_imports)]
            use intent_runtime::prelude::*;
            #[allow(unused_imports)]
            use serde::{Deserialize, Serialize};

            #[derive(Aggregate)]
            #[aggregate(created_by(Happened))]
            pub struct Thing {
                #[id]
                id: Id<Thing>,
            }

            $($items)*
        }
    };
}

/// Whether a lock that records one is content with the other.
fn is_same<One: Aggregate, Other: Aggregate>() -> bool {
    let folder = Folder::recording(catalogue::<One>());
    folder.check(&catalogue::<Other>()).is_ok()
}

event_with! { plain,
    #[event]
    pub struct Happened {
        pub kind: Kind,
        pub note: Option<String>,
        pub description: String,
    }

    #[value]
    pub enum Kind {
        Small,
        Large,
        Odd { title: String },
    }
}

event_with! { documented,
    /// Something happened.
    #[event]
    pub struct Happened {
        /// In words.
        pub description: String,
        /// Which.
        pub kind: Sort,
        /// If there is one.
        pub note: Option<String>,
    }

    /// What kind.
    #[value]
    pub enum Sort {
        Odd {
            /// Its title.
            title: String,
        },
        /// Not large.
        Large,
        Small,
    }
}

#[test]
fn comments_order_and_names_of_types_do_not_count() {
    assert!(is_same::<plain::Thing, documented::Thing>());
    assert!(is_same::<documented::Thing, plain::Thing>());
}

event_with! { trees,
    #[event]
    pub struct Happened { pub other: Option<Box<Leaf>>, pub tree: Tree }

    #[value]
    pub struct Tree { pub branches: Vec<Tree>, pub leaves: Vec<Leaf> }

    #[value]
    pub struct Leaf { pub next: Option<Box<Leaf>> }
}

event_with! { renamed_trees,
    #[event]
    pub struct Happened { pub other: Option<Box<Anchor>>, pub tree: Node }

    #[value]
    pub struct Node { pub branches: Vec<Node>, pub leaves: Vec<Anchor> }

    #[value]
    pub struct Anchor { pub next: Option<Box<Anchor>> }
}

event_with! { other_trees,
    #[event]
    pub struct Happened { pub other: Option<Box<Leaf>>, pub tree: Tree }

    #[value]
    pub struct Tree { pub branches: Vec<Tree>, pub leaves: Vec<Leaf> }

    #[value]
    pub struct Leaf { pub next: Option<Box<Tree>> }
}

#[test]
fn names_of_types_that_hold_themselves_do_not_count() {
    assert!(is_same::<trees::Thing, renamed_trees::Thing>());
    assert!(is_same::<renamed_trees::Thing, trees::Thing>());
    assert!(!is_same::<trees::Thing, other_trees::Thing>());
}

event_with! { sized,
    #[event]
    pub struct Happened { pub count: usize, pub sum: isize }
}

event_with! { of_64_bits,
    #[event]
    pub struct Happened { pub count: u64, pub sum: i64 }
}

#[test]
fn a_size_is_a_number_of_64_bits() {
    assert!(is_same::<sized::Thing, of_64_bits::Thing>());
}

event_with! { words,
    #[event]
    pub struct Happened { pub kind: Kind }

    #[value]
    pub enum Kind { Small, Large }
}

event_with! { documented_words,
    #[event]
    pub struct Happened { pub kind: Kind }

    #[value]
    pub enum Kind {
        Large,
        /// Not large.
        Small,
    }
}

event_with! { other_words,
    #[event]
    pub struct Happened { pub kind: Kind }

    #[value]
    pub enum Kind { Small, Large, Huge }
}

#[test]
fn an_enum_is_the_set_of_its_words() {
    assert!(is_same::<words::Thing, documented_words::Thing>());
    assert!(!is_same::<words::Thing, other_words::Thing>());
}

event_with! { number,
    #[event]
    pub struct Happened { pub deep: Vec<Option<Inner>> }

    #[value]
    pub struct Inner { pub number: u32 }
}

event_with! { larger_number,
    #[event]
    pub struct Happened { pub deep: Vec<Option<Inner>> }

    #[value]
    pub struct Inner { pub number: u64 }
}

#[test]
fn a_value_within_a_value_counts() {
    assert!(!is_same::<number::Thing, larger_number::Thing>());
}

/// Fields may be called what JSON Schema calls its annotations.
mod fields_called_like_annotations {
    event_with! { one,
        #[event]
        pub struct Happened { pub title: String, pub description: String, pub default: bool }
    }

    event_with! { other,
        #[event]
        pub struct Happened { pub title: String, pub default: bool }
    }

    #[test]
    fn they_count() {
        assert!(!super::is_same::<one::Thing, other::Thing>());
    }
}

event_with! { tree,
    #[event]
    pub struct Happened { pub root: Node }

    #[value]
    pub struct Node { pub name: String, pub children: Vec<Node> }
}

event_with! { other_tree,
    #[event]
    pub struct Happened { pub root: Node }

    #[value]
    pub struct Node { pub name: u8, pub children: Vec<Node> }
}

#[test]
fn a_type_that_contains_itself_has_a_shape() {
    assert!(is_same::<tree::Thing, tree::Thing>());
    assert!(!is_same::<tree::Thing, other_tree::Thing>());
}

event_with! { untagged,
    #[event]
    pub struct Happened { pub what: What }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
    #[serde(untagged)]
    pub enum What { Whole(i64), Part(f64) }
}

event_with! { untagged_otherwise,
    #[event]
    pub struct Happened { pub what: What }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
    #[serde(untagged)]
    pub enum What { Part(f64), Whole(i64) }
}

/// serde tries them one after the other: 1 is a whole number in the first, a part in the second.
#[test]
fn the_order_of_untagged_variants_counts() {
    assert!(!is_same::<untagged::Thing, untagged_otherwise::Thing>());
}

event_with! { other_names,
    #[event]
    pub struct Happened {
        #[serde(alias = "sort", alias = "class")]
        pub kind: Kind,
    }

    #[value]
    pub enum Kind {
        Small,
        #[serde(alias = "Huge")]
        Large,
        #[serde(other)]
        Unknown,
    }
}

event_with! { other_order,
    #[event]
    pub struct Happened {
        #[serde(alias = "class", alias = "sort")]
        pub kind: Kind,
    }

    #[value]
    pub enum Kind {
        #[serde(alias = "Huge")]
        Large,
        Small,
        #[serde(other)]
        Unknown,
    }
}

event_with! { no_field_alias,
    #[event]
    pub struct Happened { pub kind: Kind }

    #[value]
    pub enum Kind {
        Small,
        #[serde(alias = "Huge")]
        Large,
        #[serde(other)]
        Unknown,
    }
}

event_with! { no_word_alias,
    #[event]
    pub struct Happened {
        #[serde(alias = "sort", alias = "class")]
        pub kind: Kind,
    }

    #[value]
    pub enum Kind {
        Small,
        Large,
        #[serde(other)]
        Unknown,
    }
}

event_with! { no_other,
    #[event]
    pub struct Happened {
        #[serde(alias = "sort", alias = "class")]
        pub kind: Kind,
    }

    #[value]
    pub enum Kind {
        Small,
        #[serde(alias = "Huge")]
        Large,
        Unknown,
    }
}

event_with! { tagged_alias,
    #[event]
    pub struct Happened { pub kind: Kind }

    #[value]
    #[serde(tag = "is")]
    pub enum Kind {
        #[serde(alias = "Huge")]
        Large { amount: u8 },
    }
}

event_with! { tagged,
    #[event]
    pub struct Happened { pub kind: Kind }

    #[value]
    #[serde(tag = "is")]
    pub enum Kind { Large { amount: u8 } }
}

/// Events of older versions may have been stored with them: without them these could not be read.
#[test]
fn other_keys_and_words_that_are_read_count() {
    assert!(is_same::<other_names::Thing, other_order::Thing>());
    assert!(!is_same::<other_names::Thing, no_field_alias::Thing>());
    assert!(!is_same::<other_names::Thing, no_word_alias::Thing>());
    assert!(!is_same::<other_names::Thing, no_other::Thing>());
    assert!(!is_same::<tagged_alias::Thing, tagged::Thing>());
}
