//! A lock that was merged or edited wrongly: each way has its own text, and no update makes it worse.

use intent_runtime::lock::{self, Error, Mode};

use super::{
    domain::{self, catalogue, recorded},
    folder::Folder,
    messages::assert_message,
};

/// The error for a lock after `damage`. An update gives the same error and writes nothing.
fn said(damage: impl FnOnce(String) -> String) -> Error {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    let damaged = damage(folder.text());
    assert_ne!(damaged, folder.text(), "the damage is one");
    folder.write(&damaged);
    let error = folder.check(&catalogue::<recorded::Account>()).unwrap_err();
    let of_update = folder
        .update(&catalogue::<recorded::Account>())
        .unwrap_err();
    assert_eq!(of_update.to_string(), error.to_string());
    assert_eq!((folder.text(), folder.files().len()), (damaged, 1));
    error
}

/// The block that begins with `header`, with its empty line.
fn block(text: &str, header: &str) -> String {
    let begin = text
        .find(&format!("\n{header} "))
        .expect("the block is there")
        + 1;
    let len = text[begin..]
        .find("\n\n")
        .expect("a block ends with an empty line")
        + 2;
    text[begin..begin + len].to_owned()
}

const DEPOSITED: &str = r#"event "Account" "Deposited" 2"#;

#[test]
fn conflict_markers_are_found() {
    let error = said(|text| {
        let block = block(&text, DEPOSITED);
        text.replace(
            &block,
            &format!("<<<<<<< HEAD\n{block}=======\n>>>>>>> other\n"),
        )
    });
    assert!(matches!(error, Error::Conflict { line: 8 }), "{error:?}");
    assert_message("conflict", &error.to_string());
}

/// Two branches make version 3 of one event, and the merge keeps both blocks.
#[test]
fn two_shapes_of_one_version_are_found() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    folder
        .update(&catalogue::<domain::version_raised::Account>())
        .unwrap();
    let theirs = block(&folder.text(), r#"event "Account" "Deposited" 3"#);
    let ours = Folder::recording(catalogue::<domain::other_version_3::Account>());
    let ours = block(&ours.text(), r#"event "Account" "Deposited" 3"#);
    assert_ne!(ours, theirs);
    let error = said(|text| text.replace("end\n", &format!("{ours}{theirs}end\n")));
    assert!(matches!(error, Error::TwoShapes { .. }), "{error:?}");
    assert_message("two_shapes", &error.to_string());
}

#[test]
fn one_block_twice_is_found() {
    let error = said(|text| {
        let block = block(&text, DEPOSITED);
        text.replace(&block, &format!("{block}{block}"))
    });
    assert!(matches!(error, Error::Repeated { .. }), "{error:?}");
    assert_message("repeated", &error.to_string());
}

/// The lines of a block come from two branches, or from an editor; or its header was changed to another version.
#[test]
fn an_altered_block_is_found() {
    let error = said(|text| text.replace("\"channel\": {", "\"route\": {"));
    assert!(matches!(error, Error::Altered { .. }), "{error:?}");
    assert_message("altered", &error.to_string());
    let error = said(|text| text.replace(DEPOSITED, r#"event "Account" "Deposited" 1"#));
    assert!(matches!(error, Error::Altered { .. }), "{error:?}");
}

#[test]
fn a_line_that_is_not_ours_is_found() {
    let error = said(|text| text.replace("\nend\n", "\nlorem ipsum\n\nend\n"));
    assert!(matches!(error, Error::Malformed { .. }), "{error:?}");
    assert_message("malformed", &error.to_string());
    let error = said(|_| "[package]\nname = \"bank\"\n".to_owned());
    assert!(
        matches!(error, Error::Malformed { line: 1, .. }),
        "{error:?}"
    );
}

#[test]
fn a_truncated_file_is_found_at_any_length() {
    let whole = Folder::recording(catalogue::<recorded::Account>()).text();
    for len in 0..whole.len() - 1 {
        let error = said(|text| text[..len].to_owned());
        let found = matches!(
            error,
            Error::CutOff | Error::Altered { .. } | Error::Malformed { .. } | Error::Newer { .. }
        );
        assert!(found, "at {len}: {error:?}");
    }
    assert_message(
        "cut_off",
        &said(|text| text.replace("end\n", "")).to_string(),
    );
}

#[test]
fn a_lock_of_a_newer_release_is_left_alone() {
    let error = said(|text| text.replace("format 1\n", "format 2\n"));
    assert!(matches!(error, Error::Newer { .. }), "{error:?}");
    assert_message("newer", &error.to_string());
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("intent.lock")).unwrap();
    let error = folder.check(&catalogue::<recorded::Account>()).unwrap_err();
    assert!(matches!(error, Error::Read { .. }), "{error:?}");
    assert_message("read", &folder.shown(&error));
    let nowhere = folder.path().join("nowhere");
    let catalogue = catalogue::<recorded::Account>();
    let error = lock::check(&catalogue, &nowhere, Mode::Update).unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error:?}");
    assert_message("write", &folder.shown(&error));
}

/// Checked out with other ends of lines, it is the same lock.
#[test]
fn other_ends_of_lines_are_no_damage() {
    let folder = Folder::recording(catalogue::<recorded::Account>());
    folder.write(&folder.text().replace('\n', "\r\n"));
    folder.check(&catalogue::<recorded::Account>()).unwrap();
}
