//! Read models: the lock holds the columns, the key, the indexes and the events of each version.

use intent_runtime::{catalogue::Catalogue, lock::Error, prelude::*};

use super::{domain::recorded::Account, folder::Folder, messages::assert_message};

/// A module with a read model of the recorded domain.
macro_rules! model {
    ($module:ident, ($($attribute:tt)*), $($fields:tt)*) => {
        mod $module {
            #[allow(unused_imports)]
            use super::super::domain::recorded::{Account, Deposited, Noted, Opened};
            use intent_runtime::prelude::*;

            #[derive(ReadModel, Clone)]
            #[read_model(table = "notes", created_by(Opened), $($attribute)*)]
            pub struct Notes {
                #[key]
                pub account: Id<Account>,
                $($fields)*
            }
        }
    };
}

model! { first, (events(Noted, Deposited)),
    #[index]
    #[on(Noted = |e| e.text.clone())]
    pub text: String,
    #[on(Deposited += |_| 1)]
    pub deposits: i64,
}
model! { reordered, (events(Deposited, Noted), access(role = "teller")),
    #[on(Deposited += |_| 1)]
    pub deposits: i64,
    #[index]
    #[on(Noted = |e| e.text.clone())]
    pub text: String,
}
model! { column_added, (events(Noted, Deposited)),
    #[index]
    #[on(Noted = |e| e.text.clone())]
    pub text: String,
    #[on(Deposited += |_| 1)]
    pub deposits: i64,
    #[on(Noted += |_| 1)]
    pub notes: i64,
}
model! { column_of_another_kind, (events(Noted, Deposited)),
    #[index]
    #[on(Noted = |e| Some(e.text.clone()))]
    pub text: Option<String>,
    #[on(Deposited += |_| 1)]
    pub deposits: i64,
}
model! { index_gone, (events(Noted, Deposited)),
    #[on(Noted = |e| e.text.clone())]
    pub text: String,
    #[on(Deposited += |_| 1)]
    pub deposits: i64,
}
model! { inline, (mode = "inline", events(Noted, Deposited)),
    #[index]
    #[on(Noted = |e| e.text.clone())]
    pub text: String,
    #[on(Deposited += |_| 1)]
    pub deposits: i64,
}
model! { event_gone, (events(Noted)),
    #[index]
    #[on(Noted = |e| e.text.clone())]
    pub text: String,
    pub deposits: i64,
}
model! { raised, (version = 2, events(Noted)),
    #[on(Noted = |e| e.text.clone())]
    pub text: String,
}

fn with<M: ReadModel>() -> Catalogue {
    let domain = Domain::of::<Account>().read_model::<M>();
    domain.catalogue().clone()
}

/// The error of a check, after which the file is as it was.
fn said<M: ReadModel>() -> Error {
    let folder = Folder::recording(with::<first::Notes>());
    let before = folder.text();
    let error = folder.check(&with::<M>()).unwrap_err();
    assert_eq!(folder.text(), before);
    error
}

#[test]
fn a_read_model_that_is_not_recorded_is_told() {
    let folder = Folder::recording(Domain::of::<Account>().catalogue().clone());
    let error = folder.check(&with::<first::Notes>()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("    read model `notes` version 1\n"),
        "{error}"
    );
    folder.update(&with::<first::Notes>()).unwrap();
    folder.check(&with::<first::Notes>()).unwrap();
    // Neither the order of fields and events nor the access rules are a part of the table.
    folder.check(&with::<reordered::Notes>()).unwrap();
    assert!(
        folder.text().contains("read_model \"notes\" 1 "),
        "{}",
        folder.text()
    );
}

#[test]
fn other_columns_need_a_new_version() {
    assert_message(
        "read_model_columns",
        &said::<column_added::Notes>().to_string(),
    );
    let mut messages = vec![
        said::<column_of_another_kind::Notes>().to_string(),
        said::<index_gone::Notes>().to_string(),
        said::<inline::Notes>().to_string(),
    ];
    let folder = Folder::recording(with::<first::Notes>());
    let before = folder.text();
    for catalogue in [
        with::<column_added::Notes>(),
        with::<column_of_another_kind::Notes>(),
        with::<index_gone::Notes>(),
        with::<inline::Notes>(),
    ] {
        let error = folder.update(&catalogue).unwrap_err().to_string();
        assert!(error.starts_with("nothing was recorded"), "{error}");
        assert_eq!(folder.text(), before);
        messages.push(error);
    }
    for message in messages {
        assert!(message.contains("version = 2"), "{message}");
    }
    folder.update(&with::<raised::Notes>()).unwrap();
    folder.check(&with::<raised::Notes>()).unwrap();
    // The build before still finds its own version.
    folder.check(&with::<first::Notes>()).unwrap();
}

#[test]
fn other_events_are_told_and_can_be_recorded() {
    assert_message(
        "read_model_events",
        &said::<event_gone::Notes>().to_string(),
    );
    let folder = Folder::recording(with::<first::Notes>());
    folder.update(&with::<event_gone::Notes>()).unwrap();
    folder.check(&with::<event_gone::Notes>()).unwrap();
    assert!(folder.check(&with::<first::Notes>()).is_err());
}

#[derive(Aggregate)]
#[aggregate(name = "notes", created_by(Begun), events())]
struct NamesakeOfTheTable {
    #[id]
    id: Id<NamesakeOfTheTable>,
}

#[event]
struct Begun;

#[test]
fn a_block_of_a_read_model_is_not_one_of_the_aggregate_with_its_name() {
    let folder = Folder::recording(with::<first::Notes>());
    let domain = Domain::of::<NamesakeOfTheTable>();
    folder.update(domain.catalogue()).unwrap();
    folder.check(domain.catalogue()).unwrap();
    folder.check(&with::<first::Notes>()).unwrap();
    assert!(folder.text().contains("read_model \"notes\" 1 "));
}
