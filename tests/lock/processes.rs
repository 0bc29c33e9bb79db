//! The environment, and many processes at one lock: the tests of this binary as children of themselves.

use std::{
    env,
    process::{Command, Output, Stdio},
};

use intent_runtime::{
    Catalogue,
    lock::{self, Error, Mode},
};

use super::{
    domain::{self, catalogue, recorded},
    folder::Folder,
    messages::assert_message,
};

/// Tells a child where its lock is, and which aggregate is its own.
const FOLDER: &str = "INTENT_LOCK_FOLDER";
const AGGREGATE: &str = "INTENT_LOCK_AGGREGATE";

/// How many aggregates there are.
const MANY: usize = 8;

fn child(folder: &Folder, aggregate: usize) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "lock::processes::a_child_checks_its_aggregate",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .env(AGGREGATE, aggregate.to_string())
        .env_remove("CI")
        .env_remove("INTENT_LOCK")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let said = text.lines().find_map(|line| line.strip_prefix("said: "));
    said.unwrap_or_default().to_owned()
}

/// Checks one of many aggregates in the mode of its environment, when it is a child.
#[test]
fn a_child_checks_its_aggregate() {
    let (Ok(folder), Ok(aggregate)) = (env::var(FOLDER), env::var(AGGREGATE)) else {
        return;
    };
    let catalogue = many(aggregate.parse().unwrap());
    let mode = Mode::from_env();
    let checked = mode.and_then(|mode| lock::check(&catalogue, folder.as_ref(), mode));
    if let Err(error) = checked {
        eprintln!("said: {error}");
        panic!("the check fails");
    }
}

/// One of several aggregates.
fn many(index: usize) -> Catalogue {
    macro_rules! catalogues {
        ($($name:tt)+) => {
            [$({
                use intent_runtime::prelude::*;

                #[derive(Aggregate)]
                #[aggregate(name = $name, created_by(Began))]
                struct Numbered {
                    #[id]
                    id: Id<Numbered>,
                }

                #[event(name = $name)]
                struct Began;

                catalogue::<Numbered>
            } as fn() -> Catalogue),+]
        };
    }
    let catalogues: [fn() -> Catalogue; MANY] = catalogues!("A" "B" "C" "D" "E" "F" "G" "H");
    catalogues[index]()
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
            folder.check(&many(aggregate)).unwrap();
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
    folder.check(&many(0)).unwrap();
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
