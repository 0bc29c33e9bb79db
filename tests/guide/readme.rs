//! The README: its figures can be counted.

use std::{fs, path::Path};

/// The README's example is the bank of the comparison with other libraries: three events, three commands, three rules.
#[test]
fn its_domain_is_as_short_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let example = readme.split("```rust,no_run\n").nth(1).unwrap();
    let domain = example.split("#[tokio::main]").next().unwrap();
    let lines = domain.lines().filter(|line| !line.trim().is_empty());
    let count = lines.count();
    assert!(count <= 50, "the domain has {count} lines");
    assert!(
        readme.contains(&format!("{count} lines")),
        "the README does not say {count} lines"
    );
}

/// A word of six or more capital letters is most likely a placeholder.
#[test]
fn nothing_in_it_is_left_to_be_filled_in() {
    let readme = include_str!("../../README.md");
    let shouted = |word: &&str| {
        word.len() > 5
            && *word != "ARCHITECTURE"
            && word.chars().all(|letter| letter.is_ascii_uppercase())
    };
    let words = readme.split(|letter: char| !letter.is_alphanumeric());
    let left: Vec<&str> = words.filter(shouted).collect();
    assert!(left.is_empty(), "the README says {left:?}");
}
