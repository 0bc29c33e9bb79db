//! The guide shows only code that is compiled elsewhere, and links to nothing that is not there.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn pages() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pages = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_included_part_exists() {
    let mut parts = 0;
    for (page, text) in pages() {
        for include in text.split("{{#include ").skip(1) {
            let target = include.split("}}").next().unwrap();
            let (file, anchor) = target.split_once(':').unwrap_or((target, ""));
            let file = page.parent().unwrap().join(file);
            let source = fs::read_to_string(&file)
                .unwrap_or_else(|error| panic!("{}: {}: {error}", page.display(), file.display()));
            let wanted = format!("ANCHOR: {anchor}\n");
            let last_line = anchor.rsplit(':').next().and_then(|line| line.parse().ok());
            let is_there = match last_line {
                Some(line) => source.lines().count() >= line,
                None => anchor.is_empty() || source.contains(&wanted),
            };
            assert!(is_there, "{} has no part `{anchor}`", file.display());
            parts += 1;
        }
    }
    assert!(parts > 10, "the guide includes its code");
}

#[test]
fn no_code_stands_in_the_guide_itself() {
    for (page, text) in pages() {
        for block in text.split("```rust").skip(1) {
            let code = block.split("```").next().unwrap();
            assert!(
                code.contains("{{#include"),
                "{} shows code that nothing compiles:{code}",
                page.display()
            );
        }
    }
}

#[test]
fn every_page_is_in_the_summary() {
    let pages = pages();
    let (_, summary) = pages
        .iter()
        .find(|(path, _)| path.ends_with("SUMMARY.md"))
        .unwrap();
    for (path, _) in &pages {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "SUMMARY.md" || summary.contains(name),
            "{name} is not in the summary"
        );
    }
    for link in summary.split("](").skip(1) {
        let target = link.split(')').next().unwrap().trim_start_matches("./");
        assert!(
            pages.iter().any(|(path, _)| path.ends_with(target)),
            "{target} is not there"
        );
    }
}
