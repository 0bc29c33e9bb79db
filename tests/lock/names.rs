//! The names by which an aggregate is found, after several renamings.

use intent_runtime::Domain;

use super::{
    domain::{self, catalogue, recorded},
    folder::Folder,
    messages::assert_message,
};

#[test]
fn an_aggregate_that_says_its_former_name_goes_on() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let known = catalogue::<domain::aggregate_known::Ledger>();
    folder.update(&known).unwrap();
    folder.check(&known).unwrap();
    assert!(
        folder
            .text()
            .contains("{\n  \"formerly\": [\n    \"Account\"\n  ]\n}")
    );
}

/// Without former names a block has the text that it always had.
#[test]
fn an_aggregate_without_former_names_records_none() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    assert!(!folder.text().contains("formerly"));
}

/// A name between the oldest and today's is also a name of streams.
#[test]
fn a_name_in_between_is_missed() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let known = catalogue::<domain::aggregate_known::Ledger>();
    folder.update(&known).unwrap();
    let error = folder.update(&catalogue::<domain::renamed_once_more::Book>());
    assert_message("name_in_between", &error.unwrap_err().to_string());
}

/// Of an aggregate that had another name before, that name is asked for as well.
#[test]
fn all_former_names_are_asked_for() {
    let folder = Folder::recording(catalogue::<domain::aggregate_known::Ledger>());
    let error = folder.update(&catalogue::<domain::name_taken_without_a_word::Book>());
    let said = error.unwrap_err().to_string();
    assert!(said.contains(r#"formerly("Account", "Ledger")"#), "{said}");
}

/// Two aggregates may have similar events. A check that names both can tell them apart.
#[test]
fn an_aggregate_with_the_events_of_another_is_recorded_beside_it() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    folder
        .update(&catalogue::<domain::aggregate_renamed::Ledger>())
        .unwrap_err();
    let both = Domain::of::<recorded::Account>().aggregate::<domain::aggregate_renamed::Ledger>();
    folder.update(both.catalogue()).unwrap();
    folder
        .check(&catalogue::<domain::aggregate_renamed::Ledger>())
        .unwrap();
    folder.check(&catalogue::<recorded::Account>()).unwrap();
}

/// With one more version, or half of the events, it is still clear whose streams they are.
#[test]
fn an_aggregate_that_is_renamed_and_changed_is_known() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let changed = catalogue::<domain::renamed_and_changed::Ledger>();
    let said = folder.update(&changed).unwrap_err().to_string();
    assert!(said.contains(r#"formerly("Account")"#), "{said}");
}
