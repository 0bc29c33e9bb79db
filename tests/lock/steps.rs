//! Notes are held to the fields that the version before has on record.

use intent_runtime::Aggregate;

use super::{domain::catalogue, folder::Folder, messages::refused};

/// A domain around one event, in one of its versions.
macro_rules! account {
    ($module:ident, $($event:tt)*) => {
        mod $module {
            use intent_runtime::prelude::*;

            #[derive(Aggregate)]
            #[aggregate(created_by(Opened))]
            pub struct Account {
                #[id]
                id: Id<Account>,
            }

            $($event)*
        }
    };
}

account! { first,
    #[event]
    pub struct Opened {
        pub owner: Option<String>,
        pub bank: String,
        pub limit: Option<u32>,
    }
}

account! { right,
    #[event(version = 2, removed(2, "limit"))]
    pub struct Opened {
        #[renamed(2, from = "owner")]
        pub holder: Option<String>,
        #[renamed(2, from = "bank")]
        pub house: Option<String>,
        #[since(2)]
        pub limit: Option<u64>,
        #[since(2)]
        pub owner: Option<String>,
    }
}

account! { misspelt,
    #[event(version = 2)]
    pub struct Opened {
        #[renamed(2, from = "ownr")]
        pub holder: Option<String>,
        pub bank: String,
        pub limit: Option<u32>,
    }
}

account! { there_already,
    #[event(version = 2)]
    pub struct Opened {
        pub owner: Option<String>,
        pub bank: String,
        #[since(2, default = Some(100))]
        pub limit: Option<u32>,
    }
}

account! { open_to_others,
    #[event]
    pub struct Opened {
        #[serde(flatten)]
        pub others: std::collections::BTreeMap<String, u32>,
    }
}

account! { one_of_the_others,
    #[event(version = 2)]
    pub struct Opened {
        #[renamed(2, from = "ownr")]
        pub owner: u32,
    }
}

account! { of_a_predecessor,
    #[event(version = 2, name = "Opened")]
    pub struct OpenedV2 {
        #[renamed(2, from = "ownr")]
        pub holder: Option<String>,
        pub bank: String,
        pub limit: Option<u32>,
    }

    #[event(version = 3, from = OpenedV2)]
    pub struct Opened {
        pub bank: String,
    }

    impl From<OpenedV2> for Opened {
        fn from(old: OpenedV2) -> Self {
            Self { bank: old.bank }
        }
    }
}

account! { before,
    #[event]
    pub struct Opened {
        pub owner: Option<String>,
        pub kind: Kind,
        pub limit: u32,
    }

    #[value]
    pub enum Kind { Private, Business }
}

account! { with_a_word_less,
    #[event(version = 2, unchanged(2))]
    pub struct Opened {
        pub owner: Option<String>,
        pub kind: Kind,
        pub limit: u32,
    }

    #[value]
    pub enum Kind { Private, Company }
}

account! { with_a_word_more,
    #[event(version = 2, unchanged(2))]
    pub struct Opened {
        pub owner: Option<String>,
        pub kind: Kind,
        pub limit: f64,
    }

    #[value]
    pub enum Kind { Private, Business, Joint }
}

account! { with_another_word,
    #[event(version = 2, unchanged(2))]
    pub struct Opened {
        pub owner: Option<String>,
        pub kind: Kind,
        pub limit: u32,
    }

    #[value]
    pub enum Kind {
        Private,
        #[serde(alias = "Business")]
        Company,
    }
}

account! { needed,
    #[event(version = 2)]
    pub struct Opened {
        pub owner: String,
        pub kind: Kind,
        pub limit: u32,
        #[since(2, default = 0)]
        pub interest: u32,
    }

    #[value]
    pub enum Kind { Private, Business }
}

account! { by_a_function,
    #[event(version = 2, upcast(1 => with_an_owner))]
    pub struct Opened {
        pub owner: String,
        pub kind: Kind,
        pub limit: u32,
    }

    #[value]
    pub enum Kind { Private, Business }

    fn with_an_owner(mut v1: JsonObject) -> Result<JsonObject, UpcastError> {
        let owner: Option<String> = v1.take("owner")?;
        v1.set("owner", owner.unwrap_or_default())?;
        Ok(v1)
    }
}

#[test]
fn what_a_note_leaves_as_it_is_must_be_readable() {
    refused::<before::Account, with_a_word_less::Account>("unchanged_word");
    refused::<before::Account, needed::Account>("kept_field_of_another_type");
}

#[test]
fn what_is_read_as_it_is_is_recorded() {
    fn recorded<Next: Aggregate>() {
        let folder = Folder::recording(catalogue::<before::Account>());
        folder.update(&catalogue::<Next>()).unwrap();
        folder.check(&catalogue::<Next>()).unwrap();
    }
    recorded::<with_a_word_more::Account>();
    recorded::<with_another_word::Account>();
    recorded::<by_a_function::Account>();
}

#[test]
fn a_note_on_a_field_that_is_not_recorded_is_refused() {
    refused::<first::Account, misspelt::Account>("note_on_no_field");
    refused::<first::Account, of_a_predecessor::Account>("note_of_a_predecessor");
}

#[test]
fn a_note_that_adds_a_recorded_field_is_refused() {
    refused::<first::Account, there_already::Account>("note_adds_a_field_again");
}

#[test]
fn right_notes_are_recorded() {
    let folder = Folder::recording(catalogue::<first::Account>());
    folder.update(&catalogue::<right::Account>()).unwrap();
    folder.check(&catalogue::<right::Account>()).unwrap();
}

/// A shape that takes any field says nothing of this one.
#[test]
fn where_any_field_may_be_recorded_nothing_is_refused() {
    let folder = Folder::recording(catalogue::<open_to_others::Account>());
    folder
        .update(&catalogue::<one_of_the_others::Account>())
        .unwrap();
}
