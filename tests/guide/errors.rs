//! Chapter "Errors".

use std::{error::Error, fs, path::Path};

use intent_runtime::{
    prelude::*,
    store::{Cause, Expect, ImportRefusal, InvalidAppend, StreamId},
};

use super::commands::{Account, Deposit, Open};
use crate::{
    dispatch::fixture::{Fault, Interposed},
    transfer::fixture::recorded,
};

#[tokio::test(start_paused = true)]
async fn what_an_unknown_command_stored_is_looked_up() {
    let store = Interposed::default();
    let app = App::on(store.clone(), Domain::of::<Account>())
        .await
        .unwrap();
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();
    store.next(Fault::LostAfter);
    for _ in 0..1_000 {
        store.next(Fault::LostBefore);
    }
    let deposit = Deposit { id, amount: 5 };

    // ANCHOR: unknown
    let command_id = match app.send(deposit.clone()).await {
        Err(SendError::Store(StoreError::UnknownOutcome { command_id, .. })) => command_id,
        other => panic!("{other:?}"),
    };
    // What an operator sees:
    let stored = app.store().events_of_command(app.id(), command_id).await;
    assert_eq!(stored.unwrap()[0].event_type, "Deposited");
    // ANCHOR_END: unknown
    assert_eq!(app.load(id).await.unwrap().balance, 5);
}

#[tokio::test]
async fn an_error_is_printed_with_its_causes() {
    let unreachable = App::connect("postgres://ada@127.0.0.1:1/shop", Domain::new()).await;
    let error = unreachable.unwrap_err();
    // ANCHOR: causes
    let mut sentences = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        sentences = format!("{sentences}: {error}");
        cause = error.source();
    }
    assert_eq!(format!("{error:?}"), sentences);
    // ANCHOR_END: causes
    assert!(error.source().is_some());
}

/// The names of an enum's variants, read from its source.
fn variants(file: &str, name: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let source = fs::read_to_string(root.join(file)).unwrap();
    let (_, body) = source.split_once(&format!("pub enum {name}")).unwrap();
    let (_, body) = body.split_once("{\n").unwrap();
    let (body, _) = body.split_once("\n}\n").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let named = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let names = named.map(|line| line.split([' ', '(', ',']).next().unwrap().to_owned());
    names.collect()
}

/// A section of a page, up to the next heading.
fn section(page: &str, heading: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/src")
        .join(page);
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("# {heading}\n")).unwrap();
    section.split("\n#").next().unwrap().to_owned()
}

#[test]
fn every_variant_is_in_the_tables() {
    let of_error = "intent-runtime/src/dispatch/error.rs";
    let of_store = "intent-runtime/src/store/error.rs";
    for (file, name, page, heading) in [
        (of_error, "SendError", "errors.md", "At run time"),
        (of_error, "SendError", "http.md", "From `SendError`"),
        (of_error, "LoadError", "errors.md", "At run time"),
        (of_error, "LoadError", "http.md", "From `LoadError`"),
        (of_store, "StoreError", "http.md", "From `StoreError`"),
    ] {
        let (section, variants) = (section(page, heading), variants(file, name));
        assert!(variants.len() > 6, "{variants:?}");
        for variant in variants {
            let rows = section.lines().filter(|line| line.starts_with("| "));
            let mut named = rows.filter_map(|row| row.split('|').nth(1));
            let is_named = named.any(|it| it.contains(&format!("`{variant}")));
            assert!(is_named, "{page} has no row for {name}::{variant}");
        }
    }
}

/// One error of each variant, with the variant's name.
fn store_errors() -> Vec<(StoreError, &'static str)> {
    let place = || String::from("bank");
    let source = || -> Cause { "it broke".into() };
    let id = Id::<Account>::new();
    let stream = || StreamId::of(TenantId::DEFAULT, id);
    let command_id = CommandId::new();
    /// An error beside the name of its variant.
    macro_rules! errors {
        ($($variant:ident $fields:tt),* $(,)?) => {
            vec![$((StoreError::$variant $fields, stringify!($variant))),*]
        };
    }
    let mut errors = errors![
        Conflict {
            stream: stream(),
            expected: Expect::NoStream,
            actual: Version::FIRST
        },
        Taken {
            stream: stream(),
            model: "customers",
            field: "email"
        },
        WrongAggregate {
            stream: stream(),
            found: place()
        },
        CommandIdReused {
            command_id,
            used_for: stream()
        },
        Invalid {
            stream: stream(),
            source: InvalidAppend::Empty
        },
        ImportRefused {
            stream: stream(),
            version: Version::FIRST,
            source: ImportRefusal::Differs
        },
        UnknownOutcome {
            command_id,
            stream: stream(),
            source: source()
        },
        Full {
            place: place(),
            source: source()
        },
        ReadOnly {
            place: place(),
            source: source()
        },
        Busy {
            place: place(),
            source: source()
        },
        TimedOut {
            place: place(),
            source: source()
        },
        Unauthenticated {
            place: place(),
            hint: "",
            source: source()
        },
        NoDatabase {
            place: place(),
            source: source()
        },
        NoTls {
            place: place(),
            hint: "",
            source: source()
        },
        Forbidden {
            place: place(),
            source: source()
        },
        TooManyRights {
            place: place(),
            what: ""
        },
        NoConnection {
            place: place(),
            source: source()
        },
        NotMigrated {
            place: place(),
            found: 0,
            known: 1,
            source: None
        },
        Incomplete {
            place: place(),
            missing: place(),
            mend: place()
        },
        Unsupported {
            place: place(),
            what: ""
        },
        NotADatabase {
            place: place(),
            source: source()
        },
        ForeignTable {
            place: place(),
            table: place()
        },
        NewerSchema {
            place: place(),
            found: 2,
            known: 1
        },
        Corrupt {
            stream: stream(),
            what: place()
        },
        Unavailable {
            place: place(),
            source: source()
        },
        NotReady {
            place: place(),
            source: source()
        },
        UnknownCursor {
            cursor: Cursor::START,
            what: ""
        },
        UnknownUrl {
            url: place(),
            hint: place()
        },
        UnknownStream { stream: stream() },
        UnknownCommit {
            place: place(),
            source: source()
        },
        OtherDatabase { place: place() },
        TableDrift {
            place: place(),
            table: place(),
            what: place()
        },
        CorruptTable {
            place: place(),
            what: place()
        },
        InvalidFilter { what: place() },
        Backend {
            place: place(),
            source: source()
        },
    ];
    let unread = recorded("7").metadata().unwrap_err();
    errors.push((StoreError::Metadata(unread), "Metadata"));
    errors.push((StoreError::NoTransactions, "NoTransactions"));
    errors.push((StoreError::NoTables, "NoTables"));
    errors.push((StoreError::NotInTransaction, "NotInTransaction"));
    errors.push((StoreError::Closed, "Closed"));
    errors
}

#[test]
fn every_store_error_has_the_kind_that_the_table_says() {
    let (errors, page) = (store_errors(), section("errors.md", "At run time"));
    let mut names: Vec<_> = errors.iter().map(|(_, name)| (*name).to_owned()).collect();
    let mut variants = variants("intent-runtime/src/store/error.rs", "StoreError");
    names.sort();
    variants.sort();
    assert_eq!(names, variants);
    for (error, name) in errors {
        let (row, variant) = (format!("| `{:?}` |", error.kind()), format!("`{name}`"));
        let rows = page.lines().filter(|line| line.starts_with("| "));
        let kinds = rows.filter(|row| row.matches(" | ").count() == 3);
        let naming: Vec<&str> = kinds.filter(|row| row.contains(&variant)).collect();
        let is_there = naming
            .iter()
            .filter(|found| found.starts_with(&row))
            .count();
        assert_eq!(is_there, 1, "{name} is {row}: {naming:?}");
    }
}

/// The crate's sources.
fn sources() -> Vec<String> {
    let mut paths = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../intent-runtime/src")];
    let mut sources = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            paths.extend(entries.map(|entry| entry.unwrap().path()));
        } else {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
    sources
}

/// A `match` of a reader's needs an arm for variants to come, where the page says so.
#[test]
fn the_errors_that_may_grow_are_named() {
    const MARK: &str = "#[non_exhaustive]\npub enum ";
    let page = section("errors.md", "At run time");
    let mut found = 0;
    for source in sources() {
        for (at, _) in source.match_indices(MARK) {
            let (before, name) = (&source[..at], &source[at + MARK.len()..]);
            let attributes = before.rsplit("///").next().unwrap();
            if !attributes.contains("thiserror::Error") {
                continue;
            }
            let name = match name.split([' ', '<']).next().unwrap() {
                "Error" => "lock::Error",
                name => name,
            };
            assert!(page.contains(&format!("`{name}`")), "{name} is not named");
            found += 1;
        }
    }
    assert!(found > 10, "the errors are found");
}
