//! The environment, and many processes at one lock.

use std::process::{Command, Output, Stdio};

use intent_runtime::lock::{self, Error, Mode};

use super::{
    domain::{self, catalogue, recorded},
    folder::Folder,
    messages::assert_message,
    numbered::{MANY, numbered},
};

fn child(folder: &Folder, aggregate: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
    command
        .arg("check-lock")
        .arg(folder.path())
        .arg(aggregate.to_string())
        .env_remove("CI")
        .env_remove("INTENT_LOCK")
        .stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn processes_that_update_one_lock_at_once_record_all_of_it() {
    for _ in 0..5 {
        let folder = Folder::new();
        let spawn = |aggregate| {
            let mut command = child(&folder, aggregate);
            command.env("INTENT_LOCK", "update").spawn().unwrap()
        };
        let children: Vec<_> = (0..MANY).map(spawn).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
        }
        for aggregate in 0..MANY {
            folder.check(&numbered(aggregate)).unwrap();
        }
        assert_eq!(folder.files(), ["intent.lock"]);
    }
}

#[test]
fn an_update_takes_its_turn_behind_another() {
    let folder = Folder::new();
    let draft = folder.path().join("intent.lock.new");
    std::fs::write(&draft, "").unwrap();
    let child = child(&folder, 0)
        .env("INTENT_LOCK", "update")
        .spawn()
        .unwrap();
    let update = std::thread::spawn({
        let path = folder.path().to_owned();
        move || lock::check(&catalogue::<recorded::Account>(), &path, Mode::Update)
    });
    assert_eq!(folder.files(), ["intent.lock.new"], "both wait");
    std::fs::remove_file(&draft).unwrap();
    update.join().unwrap().unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    folder.check(&catalogue::<recorded::Account>()).unwrap();
    folder.check(&numbered(0)).unwrap();
}

/// An update that was killed leaves its draft, and nobody can tell.
#[test]
fn a_draft_that_stays_is_named() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("intent.lock.new"), "").unwrap();
    let error = folder
        .update(&catalogue::<recorded::Account>())
        .unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    assert_message("busy", &folder.shown(&error));
    assert_eq!(folder.files(), ["intent.lock.new"], "it belongs to another");
}

#[test]
fn the_environment_says_whether_to_update() {
    let folder = Folder::recording(catalogue::<domain::another::Parcel>());
    let run = |set: &[(&str, &str)]| {
        let output = child(&folder, 0)
            .envs(set.iter().copied())
            .output()
            .unwrap();
        (output.status.success(), said(&output))
    };
    let (done, said) = run(&[("INTENT_LOCK", "updat")]);
    assert!(!done);
    assert_message("setting", &said);
    let (done, said) = run(&[("INTENT_LOCK", "update"), ("CI", "true")]);
    assert!(!done);
    assert_message("in_ci", &said);
    let (done, _) = run(&[]);
    assert!(!done, "without the setting nothing is recorded");
    let (done, said) = run(&[("INTENT_LOCK", "update"), ("CI", "false")]);
    assert!(done, "{said}");
    let (done, said) = run(&[("CI", "true")]);
    assert!(done, "a check in CI is what it is for: {said}");
}
