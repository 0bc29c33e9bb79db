//! The text for each difference. The files in `messages` are product text: `UPDATE_MESSAGES=1 cargo test` writes them again,
//! and a change of them is reviewed.

use std::{env, fs, path::Path};

use intent_runtime::{
    Aggregate, Domain,
    lock::{self, Error},
};

use super::{
    domain::{self, catalogue, recorded},
    folder::Folder,
};

/// Compares a text with the file of its name.
pub fn assert_message(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("lock/messages/{name}.txt"));
    let text = format!("{}\n", text.trim_end());
    if env::var_os("UPDATE_MESSAGES").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        reviewed, text,
        "the message has changed; see it with `UPDATE_MESSAGES=1 cargo test` and `git diff`"
    );
}

/// What a check says of an aggregate whose lock records another one; the file is as it was.
fn said<Recorded: Aggregate, Now: Aggregate>() -> Error {
    let folder = Folder::recording(catalogue::<Recorded>());
    let before = folder.text();
    let error = folder.check(&catalogue::<Now>()).unwrap_err();
    assert_eq!(folder.text(), before);
    error
}

/// A difference that no update records: it says so and leaves the file alone.
pub fn refused<Recorded: Aggregate, Now: Aggregate>(name: &str) {
    let error = said::<Recorded, Now>();
    assert!(matches!(&error, Error::Differs(report) if !report.can_be_recorded()));
    assert_message(name, &error.to_string());
    let folder = Folder::recording(catalogue::<Recorded>());
    let before = folder.text();
    let error = folder.update(&catalogue::<Now>()).unwrap_err();
    assert!(
        error.to_string().starts_with("nothing was recorded"),
        "{error}"
    );
    assert_eq!(
        (folder.text(), folder.files()),
        (before, vec!["intent.lock".to_owned()])
    );
}

/// A difference that an update records, after which the check is content.
fn recordable<Recorded: Aggregate, Now: Aggregate>(name: &str) {
    let error = said::<Recorded, Now>();
    assert!(matches!(&error, Error::Differs(report) if report.can_be_recorded()));
    assert_message(name, &error.to_string());
    let folder = Folder::recording(catalogue::<Recorded>());
    folder.update(&catalogue::<Now>()).unwrap();
    folder.check(&catalogue::<Now>()).unwrap();
}

#[test]
fn a_change_of_what_is_stored_is_shown_with_its_remedy() {
    use domain::*;

    type Account = recorded::Account;
    refused::<Account, field_renamed::Account>("field_renamed");
    refused::<Account, field_added::Account>("field_added");
    refused::<Account, field_removed::Account>("field_removed");
    refused::<Account, type_changed::Account>("type_changed");
    refused::<Account, field_optional::Account>("field_optional");
    refused::<Account, value_changed::Account>("value_changed");
    refused::<Account, value_grown::Account>("value_grown");
    refused::<newtype::Account, newtype_changed::Account>("newtype_changed");
    refused::<newtype::Account, predecessor_changed::Account>("predecessor_changed");
}

#[test]
fn an_event_that_can_no_longer_be_read_is_named_with_its_remedy() {
    use domain::*;

    type Account = recorded::Account;
    refused::<Account, event_removed::Account>("event_removed");
    refused::<Account, event_renamed::Account>("event_renamed");
    refused::<Account, version_lowered::Account>("version_lowered");
    refused::<Account, no_way::Account>("no_way");
}

#[test]
fn losing_a_name_of_an_aggregate_says_what_is_stored_under_it() {
    use domain::*;

    type Account = recorded::Account;
    refused::<Account, aggregate_renamed::Ledger>("aggregate_renamed");
    refused::<aggregate_known::Ledger, aggregate_renamed::Ledger>("former_name_lost");
    refused::<aggregate_known::Ledger, another_name_first::Ledger>("another_name_first");
    refused::<aggregate_renamed::Ledger, aggregate_known::Ledger>("name_before_the_only_one");
    recordable::<aggregate_known::Ledger, another_name_after::Ledger>("another_name_after");
}

#[test]
fn what_is_new_or_may_change_is_shown_and_can_be_recorded() {
    use domain::*;

    type Account = recorded::Account;
    recordable::<Account, version_raised::Account>("version_raised");
    recordable::<Account, another::Parcel>("another_aggregate");
    recordable::<Account, command_changed::Account>("command_changed");
    recordable::<Account, command_removed::Account>("command_removed");
    recordable::<Account, snapshots_kept::Account>("snapshots_kept");
}

#[test]
fn a_refused_update_says_what_it_would_have_to_rewrite() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let error = folder.update(&catalogue::<domain::event_renamed::Account>());
    assert_message("update_refused", &error.unwrap_err().to_string());
}

/// The macro fails as an assertion does: with the whole text, at its line.
#[test]
fn the_macro_blames_the_line_it_stands_at() {
    let (message, place) = crate::scenario::failure(|| {
        lock::check!(Domain::of::<recorded::Account>().aggregate::<recorded::Account>());
    });
    assert_message("named_twice", &message);
    assert!(place.ends_with("messages.rs"), "it blames {place}");
}

#[test]
fn a_missing_lock_says_how_to_make_one() {
    let error = Folder::new()
        .check(&catalogue::<recorded::Account>())
        .unwrap_err();
    assert_message("missing", &error.to_string());
}
