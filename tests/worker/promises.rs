//! What the promises of read models say holds them is there.

use std::{collections::BTreeSet, fs, path::Path};

use intent_runtime::store::conformance::RULES;

const PAGE: &str = "docs/adr/0022-what-holds-the-promises-of-read-models.md";

/// The cells of the tables of the page, row by row.
fn rows(page: &str) -> Vec<Vec<&str>> {
    let rows = page.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// Whether there is a rule, or a test in the file of its path, such as `worker::steps::server::NAME`.
fn exists(tests: &Path, path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else {
        return false;
    };
    if RULES
        .iter()
        .any(|rule| (rule.topic, rule.name) == (module, name))
    {
        return true;
    }
    let file = tests.join(module.replace("::", "/"));
    let texts = [file.with_extension("rs"), file.join("mod.rs")];
    let test = format!("fn {name}()");
    let has_it = |text: String| text.contains(&test);
    texts
        .iter()
        .any(|file| fs::read_to_string(file).is_ok_and(has_it))
}

#[test]
fn each_promise_is_held_by_tests_that_are_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(tests.join("..").join(PAGE)).unwrap();
    let mut promises = BTreeSet::new();
    let mut named = BTreeSet::new();
    for row in rows(&page) {
        let held_by = row.last().unwrap().split('`').skip(1).step_by(2);
        let held_by: Vec<&str> = held_by.collect();
        let missing: Vec<_> = held_by.iter().filter(|path| !exists(tests, path)).collect();
        assert!(missing.is_empty(), "no test is named {missing:?}");
        if row[0].starts_with('R') {
            assert!(!held_by.is_empty(), "{} is held by nothing", row[0]);
            promises.insert(row[0].to_owned());
            named.extend(held_by.into_iter().map(str::to_owned));
        }
    }
    let all: BTreeSet<String> = (1..=9).map(|number| format!("R{number}")).collect();
    assert_eq!(promises, all);
    // And no rule about workers is left out.
    let rules = RULES.iter().filter(|rule| rule.promise.contains("S21"));
    let unnamed: Vec<_> = rules
        .map(|rule| format!("{}::{}", rule.topic, rule.name))
        .filter(|rule| !named.contains(rule))
        .collect();
    assert!(
        unnamed.is_empty(),
        "{unnamed:?} hold no promise of the page"
    );
}
