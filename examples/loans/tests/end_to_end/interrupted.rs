//! An import that is killed, or that another one races, loses and doubles nothing.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
};

use crate::{
    generated::GeneratedLog,
    support::{
        dashboard::dashboard_equals,
        loans::{Loans, Ran, figure},
        published::{EVENTS, has_the_published_figures},
    },
};

#[test]
fn killed_twenty_times_the_import_loses_and_doubles_nothing() {
    const KILLS: u64 = 20;
    /// At most so many events are stored between two kills, so that all twenty happen before the end.
    const MOST_BETWEEN: u64 = 10_000;

    let loans = Loans::new();
    let mut file = BufWriter::new(File::create(loans.folder().join("log.xes")).unwrap());
    GeneratedLog::new(1).write(&mut file).unwrap();
    file.flush().unwrap();
    let import = ["import", "log.xes"];
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
    assert_eq!(before + figure(&rest, "events stored"), EVENTS);
    has_the_published_figures(&loans);
    let log = File::open(loans.folder().join("log.xes")).unwrap();
    dashboard_equals(&loans, log);
}

#[test]
fn two_importers_at_once_store_each_event_once() {
    let loans = Loans::new();
    let mut text = Vec::new();
    GeneratedLog::new(2).first(400).write(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
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
