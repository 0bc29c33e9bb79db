//! The table of limits in the chapter "Stores" has the figures of the code.

use std::{fs, path::Path};

use intent_runtime::{
    App, SendOptions, Timestamp, Version, model::SchemaVersion, store::Append, transfer::Import,
};

const MIB: usize = 1024 * 1024;

fn mib(bytes: usize) -> String {
    assert_eq!(bytes % MIB, 0);
    format!("{} MiB", bytes / MIB)
}

fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(",")
}

#[test]
fn the_table_of_limits_has_the_figures_of_the_code() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/stores.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once("## Limits\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| "));
    let found: Vec<&str> = rows
        .skip(1)
        .map(|row| row.split('|').nth(2).unwrap().trim())
        .collect();
    let line = Import::MAX_LINE - 64 * 1024;
    let expected = [
        mib(Append::MAX_PAYLOAD),
        count(Append::MAX_DEPTH as u64),
        count(Append::MAX_EVENTS as u64),
        mib(Append::MAX_BYTES),
        format!("{} bytes", Append::MAX_NAME),
        mib(Append::MAX_WAITING),
        format!("{} and 64 KiB", mib(line)),
        format!("{} to {}", Timestamp::MIN, Timestamp::MAX),
        count(Version::MAX.get()),
        count(u64::from(SchemaVersion::MAX)),
        SendOptions::DEFAULT_RETRIES.to_string(),
        mib(App::DEFAULT_CACHE_BYTES as usize),
    ];
    assert_eq!(found, expected);
}
