//! What an update records, and what it leaves alone.

use intent_runtime::{Domain, catalogue::Catalogue};

use super::{
    domain::{self, catalogue, recorded},
    folder::Folder,
};

#[test]
fn a_new_version_stands_beside_the_old_one() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let before = folder.text();
    folder
        .update(&catalogue::<domain::version_raised::Account>())
        .unwrap();
    let after = folder.text();
    for lines in before.split("\n\n") {
        assert!(after.contains(lines), "it no longer records\n{lines}");
    }
    assert!(after.contains(r#"event "Account" "Deposited" 3"#));
}

#[test]
fn a_second_update_changes_nothing() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let before = folder.text();
    folder.update(&catalogue::<recorded::Account>()).unwrap();
    assert_eq!(
        (folder.text(), folder.files()),
        (before, vec!["intent.lock".to_owned()])
    );
}

/// The lock of a crate is checked by several tests, each of which names some of its aggregates.
#[test]
fn what_a_check_does_not_name_stays_as_it_is() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    folder
        .update(&catalogue::<domain::another::Parcel>())
        .unwrap();
    folder.check(&catalogue::<recorded::Account>()).unwrap();
    folder
        .check(&catalogue::<domain::another::Parcel>())
        .unwrap();
    let together = Domain::of::<domain::another::Parcel>().aggregate::<recorded::Account>();
    let together = together.catalogue().clone();
    folder.check(&together).unwrap();
    let at_once = Folder::recording(together);
    assert_eq!(
        at_once.text(),
        folder.text(),
        "the order of updates does not show"
    );
}

#[test]
fn a_command_that_is_gone_is_taken_out() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    folder
        .update(&catalogue::<domain::command_removed::Account>())
        .unwrap();
    assert!(!folder.text().contains(r#"command "Account" "Note""#));
}

#[test]
fn a_command_written_by_hand_is_recorded_with_its_catalogue() {
    use std::convert::Infallible;

    use intent_runtime::{Decision, prelude::*};
    use recorded::Account;

    #[command]
    struct Audit {
        #[id]
        account: Id<Account>,
    }

    impl Decide<Audit> for Account {
        type Error = Infallible;

        fn decide(_: Option<&Self>, _: Audit, _: &Context) -> Result<Decision<Self>, Infallible> {
            Ok(Decision::NotFound)
        }
    }

    let with_audit = || -> Catalogue {
        let domain = Domain::of::<Account>().command::<Audit>();
        domain.catalogue().clone()
    };
    let folder = Folder::recording(with_audit());
    assert!(folder.text().contains(r#"command "Account" "Audit""#));
    folder.check(&with_audit()).unwrap();
}

/// Names may hold anything but control characters.
#[test]
fn names_with_spaces_and_quotation_marks_are_recorded() {
    use intent_runtime::prelude::*;

    #[derive(Aggregate)]
    #[aggregate(name = "a \"b\"\\ c", created_by(Odd))]
    struct Strange {
        #[id]
        id: Id<Strange>,
    }

    #[event(name = "2 \"3\" é")]
    struct Odd;

    let folder = Folder::recording(catalogue::<Strange>());
    folder.check(&catalogue::<Strange>()).unwrap();
}

/// What was stored under other names is held to its shape, and what is read as others or as nothing is readable.
#[test]
fn former_names_and_past_events_are_held_to_what_is_recorded() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let renamed = catalogue::<domain::known_by_former_names::Ledger>();
    folder.update(&renamed).unwrap();
    folder.check(&renamed).unwrap();
    let text = folder.text();
    assert!(text.contains(r#"event "Account" "Noted" 1"#));
    assert!(text.contains(r#"event "Ledger" "Remarked" 1"#));
    assert!(text.contains(r#"event "Ledger" "Deposited" 2"#));

    let folder = Folder::recording(catalogue::<recorded::Account>());
    let misread = folder.update(&catalogue::<domain::misread_by_former_names::Ledger>());
    let said = misread.unwrap_err().to_string();
    assert!(
        said.contains("event `Noted` version 1 of Account has changed"),
        "{said}"
    );

    let folder = Folder::recording(catalogue::<recorded::Account>());
    folder
        .update(&catalogue::<domain::retired::Account>())
        .unwrap();
}
