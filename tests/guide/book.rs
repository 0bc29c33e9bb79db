//! The guide shows only code that is compiled elsewhere, and links to nothing that is not there.
//!
//! A page has its samples written out, so that it can be read wherever Markdown is shown. Above each stands where it is from,
//! `<!-- from tests/guide/events.rs:notes -->`; `UPDATE_GUIDE=1 cargo test` writes them anew from there.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join("docs/src"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let pages = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The part of a file that `file.rs:anchor`, `file:1:61` or `file` names, without the indent that all of it has.
fn part(target: &str) -> String {
    let (file, anchor) = target.split_once(':').unwrap_or((target, ""));
    let source = fs::read_to_string(root().join(file))
        .unwrap_or_else(|error| panic!("the guide names {file}: {error}"));
    let is_mark = |line: &&str| line.trim_start().starts_with("// ANCHOR");
    let lines: Vec<&str> = match anchor.split_once(':') {
        Some((first, last)) => {
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            assert!(source.lines().count() >= last, "{file} ends before {last}");
            source.lines().take(last).skip(first - 1).collect()
        }
        None if anchor.is_empty() => source.lines().collect(),
        None => {
            let (begin, end) = (
                format!("ANCHOR: {anchor}\n"),
                format!("// ANCHOR_END: {anchor}\n"),
            );
            let behind = source.split_once(&begin);
            let within = behind.and_then(|(_, behind)| behind.split_once(&end));
            let (within, _) = within.unwrap_or_else(|| panic!("{file} has no part `{anchor}`"));
            within.lines().filter(|line| !is_mark(line)).collect()
        }
    };
    let lines: Vec<&str> = lines.into_iter().map(str::trim_end).collect();
    let indents = lines.iter().filter(|line| !line.is_empty());
    let indent = indents
        .map(|line| line.len() - line.trim_start().len())
        .min();
    let lines = lines
        .iter()
        .map(|line| line.get(indent.unwrap_or(0)..).unwrap_or_default());
    let text: Vec<&str> = lines.collect();
    text.join("\n").trim_matches('\n').to_owned()
}

/// A page with the samples that are named in it, and whether it shows each of them already.
fn with_samples(page: &str) -> (String, Vec<(&str, bool)>) {
    let mut written = String::new();
    let mut samples = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        written += &format!("{line}\n");
        let named = line.strip_prefix("<!-- from ");
        let Some(target) = named.and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        let fence = lines.next().filter(|line| line.starts_with("```"));
        let fence = fence.unwrap_or_else(|| panic!("no fence follows `{line}`"));
        let shown: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let part = part(target);
        written += &format!("{fence}\n{part}\n```\n");
        samples.push((target, part == shown.join("\n")));
    }
    (written, samples)
}

#[test]
fn every_sample_is_as_it_was_compiled() {
    let mut all = 0;
    for (page, text) in pages() {
        let (written, samples) = with_samples(&text);
        all += samples.len();
        if env::var_os("UPDATE_GUIDE").is_some() {
            // Other tests read the pages meanwhile.
            let new = page.with_extension("new");
            fs::write(&new, written).unwrap();
            fs::rename(new, page).unwrap();
            continue;
        }
        for (target, is_shown) in samples {
            assert!(
                is_shown,
                "{} shows other code than {target} has; `UPDATE_GUIDE=1 cargo test` writes it anew",
                page.display()
            );
        }
    }
    assert!(all > 30, "the guide shows its code");
}

#[test]
fn no_code_stands_in_the_guide_alone() {
    for (page, text) in pages() {
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            if !line.starts_with("```rust") {
                continue;
            }
            assert!(
                lines[index - 1].starts_with("<!-- from "),
                "{}:{}: say where this code is from in a line above it, `<!-- from tests/guide/events.rs:notes -->`, and \
                 have it written with `UPDATE_GUIDE=1 cargo test`",
                page.display(),
                index + 1
            );
        }
    }
}

/// The headings of a page as links name them.
fn headings(page: &str) -> Vec<String> {
    let mut in_code = false;
    let headings = page.lines().filter(|line| {
        in_code ^= line.starts_with("```");
        !in_code && line.starts_with('#')
    });
    let words = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let names = words.map(|words| {
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    });
    names.collect()
}

#[test]
fn every_link_leads_to_a_heading_that_is_there() {
    let pages = pages();
    let mut links = 0;
    for (page, text) in &pages {
        for link in text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let Some((file, heading)) = target.split_once('#').filter(|_| !target.contains(':'))
            else {
                continue;
            };
            let of = if file.is_empty() {
                page.clone()
            } else {
                page.with_file_name(file)
            };
            let there = pages.iter().find(|(path, _)| *path == of);
            let (_, there) = there.unwrap_or_else(|| panic!("{target} is not there"));
            assert!(
                headings(there).contains(&heading.to_owned()),
                "{target} is not there"
            );
            links += 1;
        }
    }
    assert!(links > 5, "the guide has links to headings");
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

#[test]
fn no_page_is_longer_than_500_lines() {
    for (page, text) in pages() {
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", page.display());
    }
}

/// The pages in the order of the summary: title and file.
fn summary() -> Vec<(String, String)> {
    let summary = fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    let links = summary.lines().filter_map(|line| line.strip_prefix("- ["));
    let links = links.map(|link| link.trim_end_matches(')').split_once("](").unwrap());
    links
        .map(|(title, file)| (title.to_owned(), file.to_owned()))
        .collect()
}

#[test]
fn every_page_leads_to_the_next() {
    let summary = summary();
    assert!(summary.len() > 5, "{summary:?}");
    for (page, next) in summary.iter().zip(&summary[1..]) {
        let text = fs::read_to_string(root().join("docs/src").join(&page.1)).unwrap();
        let last = format!("\n\nNext: [{}]({}).\n", next.0, next.1);
        assert!(text.ends_with(&last), "{} does not end with{last}", page.1);
    }
}

/// A part is found, dedented, without the marks of parts within it.
#[test]
fn a_part_is_what_stands_between_its_marks() {
    let file = "tests/guide/events.rs";
    let part = part(&format!("{file}:renamed"));
    assert!(part.starts_with("#[event(formerly("), "{part}");
    assert!(part.ends_with('}'), "{part}");
    let page = format!("A page.\n\n<!-- from {file}:renamed -->\n```rust\nold\n```\nMore.\n");
    let (written, samples) = with_samples(&page);
    assert_eq!(written, page.replace("old", &part));
    assert_eq!(samples, [("tests/guide/events.rs:renamed", false)]);
    let (again, samples) = with_samples(&written);
    assert_eq!((&again, samples[0].1), (&written, true));
}
