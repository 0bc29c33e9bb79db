//! Chapter "The lock and the catalogue".

use intent_runtime::{Domain, catalogue::Emits};

use super::commands::Account;

// ANCHOR: check
#[test]
fn what_is_stored_stays_readable() {
    intent_runtime::lock::check!(Domain::of::<Account>());
}
// ANCHOR_END: check

#[test]
fn the_catalogue_says_who_emits_and_who_changes_what() {
    // ANCHOR: catalogue
    let domain = Domain::of::<Account>();
    let catalogue = domain.catalogue();
    let account = &catalogue.aggregates()[0];

    let withdraw = account.commands.iter().find(|kind| kind.name == "Withdraw");
    assert_eq!(withdraw.unwrap().emits(), Emits::Events(vec!["Withdrawn"]));

    let withdrawn = account.events.iter().find(|kind| kind.name == "Withdrawn");
    assert_eq!(withdrawn.unwrap().changes, Some(["balance"].as_slice()));
    // ANCHOR_END: catalogue
}
