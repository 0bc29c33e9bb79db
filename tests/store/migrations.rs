//! A released migration is never edited, because databases have run it as it was. See ADR 10.

use std::{collections::BTreeMap, fs, path::Path};

use sha2::{Digest, Sha256};

/// The migrations that a release has had, each with its SHA-256. Nothing is released yet, so there are none. A release adds
/// its migrations here, and a line is never changed.
const RELEASED: &[(&str, &str)] = &[];

/// The files under each store's `migrations`, by their paths.
fn migrations() -> BTreeMap<String, Vec<u8>> {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("../intent-runtime/src/store");
    let mut files = BTreeMap::new();
    for store in ["postgres", "sqlite"] {
        for entry in fs::read_dir(stores.join(store).join("migrations")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{store}/{name}");
            files.insert(path, fs::read(entry.path()).unwrap());
        }
    }
    files
}

fn sha256(content: &[u8]) -> String {
    let sum = Sha256::digest(content);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is wrong with the files after a release.
fn mistakes(released: &[(&str, &str)], files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mistakes = released.iter().filter_map(|(path, sum)| {
        let Some(content) = files.get(*path) else {
            return Some(format!("{path} was released and is missing"));
        };
        let found = sha256(content);
        (found != *sum).then(|| {
            format!("{path} was released and is edited (now {found}): add a migration instead")
        })
    });
    mistakes.collect()
}

#[test]
fn no_released_migration_is_edited() {
    assert_eq!(mistakes(RELEASED, &migrations()), [] as [String; 0]);
}

#[test]
fn an_edited_and_a_missing_migration_are_found() {
    let mut files = migrations();
    let sums: Vec<_> = files
        .iter()
        .map(|(path, content)| (path.clone(), sha256(content)))
        .collect();
    let released: Vec<_> = sums.iter().map(|(path, sum)| (&**path, &**sum)).collect();
    assert_eq!(mistakes(&released, &files), [] as [String; 0]);
    let [postgres, .., sqlite] = &released[..] else {
        panic!("each store has migrations");
    };
    files.get_mut(postgres.0).unwrap().push(b'\n');
    files.remove(sqlite.0);
    let found = mistakes(&released, &files);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("is edited"), "{found:?}");
    assert!(found[1].contains("is missing"), "{found:?}");
}

/// So a release cannot forget the list: once the changelog has a release, every migration that is not listed belongs to a
/// change that the changelog tells under "Unreleased".
#[test]
fn a_release_lists_its_migrations() {
    let changelog = include_str!("../../CHANGELOG.md");
    let mut sections = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "));
    let newest = sections.next().unwrap();
    let released = newest != "Unreleased" || sections.next().is_some();
    assert_eq!(released, !RELEASED.is_empty());
    let unlisted: Vec<String> = migrations()
        .into_keys()
        .filter(|path| !RELEASED.iter().any(|(listed, _)| listed == path))
        .collect();
    assert!(
        newest == "Unreleased" || unlisted.is_empty(),
        "{unlisted:?}"
    );
}

/// Files are numbered from 1 without a gap, so that none can slip in between two that were released.
#[test]
fn migrations_are_numbered_without_a_gap() {
    for store in ["postgres/", "sqlite/"] {
        let files = migrations().into_keys();
        let names: Vec<String> = files.filter(|path| path.starts_with(store)).collect();
        for (number, name) in (1..).zip(&names) {
            let prefix = format!("{store}{number:04}_");
            assert!(name.starts_with(&prefix), "{name}");
        }
    }
}
