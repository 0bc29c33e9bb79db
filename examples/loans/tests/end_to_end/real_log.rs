//! The real log: every event accepted, every figure as published, whatever interrupts the import.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use crate::loans::{Loans, Ran, figure};
use flate2::bufread::GzDecoder;

/// Where the log lies: in a folder beside the project, not in it.
fn real_log() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/bpic2012.xes.gz");
    assert!(
        path.is_file(),
        "the real log is missing: looked for {}; see examples/loans/README.md for where to get it",
        path.display()
    );
    path
}

/// The first applications of the real log, as text.
fn first_of_real_log(applications: usize) -> String {
    let file = BufReader::new(File::open(real_log()).unwrap());
    let mut text = String::new();
    let mut lines = BufReader::new(GzDecoder::new(file));
    let mut traces = 0;
    while traces < applications {
        let start = text.len();
        assert_ne!(lines.read_line(&mut text).unwrap(), 0, "the log is short");
        traces += usize::from(text[start..].contains("</trace>"));
    }
    text + "</log>\n"
}

#[test]
fn killed_twenty_times_the_import_loses_and_doubles_nothing() {
    const KILLS: u64 = 20;
    /// At most so many events are stored between two kills, so that all twenty happen before the end.
    const MOST_BETWEEN: u64 = 10_000;

    let loans = Loans::new();
    let log = real_log();
    let import = ["import", log.to_str().unwrap()];
    let mut stored = 0;
    for kill in 0..KILLS {
        let events = fastrand::u64(0..MOST_BETWEEN);
        let mut child = loans.command(&import).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let at = loop {
            let line = lines
                .next()
                .expect("the import ended before it was killed")
                .unwrap();
            let [_, _, stored, ..] = line.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("what line is this: {line}");
            };
            let stored: u64 = stored.replace(',', "").parse().unwrap();
            if stored >= events {
                break stored;
            }
        };
        // `kill` is SIGKILL on Unix: nothing in the process gets to run after it.
        child.kill().unwrap();
        child.wait().unwrap();
        stored += at;
        println!("kill {kill}: after {at} events of this run, {stored} in all runs");
    }

    let rest = loans.succeed(&import);
    assert_eq!(figure(&rest, "refused"), 0);
    let before = figure(&rest, "there already");
    assert!(before >= stored, "acknowledged {stored}, found {before}");
    assert_eq!(before + figure(&rest, "events stored"), 262_200);
    has_the_published_figures(&loans);
    let verified = loans.succeed(&["verify"]);
    assert_eq!(figure(&verified, "compared"), 13_087);
    assert_eq!(figure(&verified, "mismatches"), 0);
}

/// The figures of `shared/data/README.md`, counted there independently of this project.
#[track_caller]
fn has_the_published_figures(loans: &Loans) {
    let json = loans.succeed(&["report", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!({
        "applications": 13_087, "events": 262_200, "requested_amount": 177_634_511,
        "approved": 2_246, "declined": 7_635, "cancelled": 2_807, "undecided": 399
    });
    assert_eq!(json, expected);
    // By the events' own time the last one is the end, and the first one the beginning.
    let end = [
        "report",
        "--json",
        "--as-of",
        "2012-03-14T16:04:54.681+01:00",
    ];
    let end: serde_json::Value = serde_json::from_str(&loans.succeed(&end)).unwrap();
    assert_eq!(end, expected);
    let start = [
        "report",
        "--json",
        "--as-of",
        "2011-10-01T00:38:44.546+02:00",
    ];
    let start: serde_json::Value = serde_json::from_str(&loans.succeed(&start)).unwrap();
    assert_eq!(start["events"], 1);
    let table = loans.succeed(&["report"]);
    for (name, expected) in [
        ("pre-accepted", 7_367),
        ("accepted", 5_113),
        ("finalized", 5_015),
        ("registered", 2_246),
        ("activated", 2_246),
        ("offers selected", 7_030),
        ("offers created", 7_030),
        ("offers sent ", 7_030),
        ("offers sent back", 3_454),
        ("offers accepted", 2_243),
        ("offers declined", 802),
        ("offers cancelled", 3_655),
    ] {
        assert_eq!(figure(&table, name), expected, "{name} in\n{table}");
    }
}

#[test]
fn two_importers_at_once_store_each_event_once() {
    let loans = Loans::new();
    let text = first_of_real_log(400);
    let events = u64::try_from(text.matches("<event>").count()).unwrap();
    loans.write("log.xes", text);
    let start = || loans.command(&["import", "log.xes"]).spawn().unwrap();
    let (one, other) = (start(), start());
    let ended = [one, other].map(|child| Ran::from(child.wait_with_output().unwrap()));
    for ran in &ended {
        assert!(ran.success, "{ran:#?}");
        assert_eq!(figure(&ran.out, "refused"), 0);
        let seen = figure(&ran.out, "events stored") + figure(&ran.out, "there already");
        assert_eq!(seen, events);
    }
    let stored: u64 = ended
        .iter()
        .map(|ran| figure(&ran.out, "events stored"))
        .sum();
    assert_eq!(stored, events);
    let json = loans.succeed(&["report", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["events"], events);
}
