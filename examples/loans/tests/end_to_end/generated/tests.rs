//! The generated log has the real one's figures, whatever the seed; and is read back as it was written.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use flate2::{Compression, write::GzEncoder};

use super::{GeneratedLog, history};
use crate::support::{
    loans::{Loans, figure},
    published::{APPLICATIONS, EVENTS},
};

/// How often each step comes in the real log, counted there.
const STEPS: [(&str, &str, u64); 36] = [
    ("A_ACCEPTED", "COMPLETE", 5_113),
    ("A_ACTIVATED", "COMPLETE", 2_246),
    ("A_APPROVED", "COMPLETE", 2_246),
    ("A_CANCELLED", "COMPLETE", 2_807),
    ("A_DECLINED", "COMPLETE", 7_635),
    ("A_FINALIZED", "COMPLETE", 5_015),
    ("A_PARTLYSUBMITTED", "COMPLETE", 13_087),
    ("A_PREACCEPTED", "COMPLETE", 7_367),
    ("A_REGISTERED", "COMPLETE", 2_246),
    ("A_SUBMITTED", "COMPLETE", 13_087),
    ("O_ACCEPTED", "COMPLETE", 2_243),
    ("O_CANCELLED", "COMPLETE", 3_655),
    ("O_CREATED", "COMPLETE", 7_030),
    ("O_DECLINED", "COMPLETE", 802),
    ("O_SELECTED", "COMPLETE", 7_030),
    ("O_SENT", "COMPLETE", 7_030),
    ("O_SENT_BACK", "COMPLETE", 3_454),
    ("W_Afhandelen leads", "COMPLETE", 5_898),
    ("W_Afhandelen leads", "SCHEDULE", 4_771),
    ("W_Afhandelen leads", "START", 5_897),
    ("W_Beoordelen fraude", "COMPLETE", 270),
    ("W_Beoordelen fraude", "SCHEDULE", 124),
    ("W_Beoordelen fraude", "START", 270),
    ("W_Completeren aanvraag", "COMPLETE", 23_967),
    ("W_Completeren aanvraag", "SCHEDULE", 7_371),
    ("W_Completeren aanvraag", "START", 23_512),
    ("W_Nabellen incomplete dossiers", "COMPLETE", 11_407),
    ("W_Nabellen incomplete dossiers", "SCHEDULE", 2_383),
    ("W_Nabellen incomplete dossiers", "START", 11_400),
    ("W_Nabellen offertes", "COMPLETE", 22_976),
    ("W_Nabellen offertes", "SCHEDULE", 6_634),
    ("W_Nabellen offertes", "START", 22_406),
    ("W_Valideren aanvraag", "COMPLETE", 7_895),
    ("W_Valideren aanvraag", "SCHEDULE", 5_023),
    ("W_Valideren aanvraag", "START", 7_891),
    ("W_Wijzigen contractgegevens", "SCHEDULE", 12),
];

#[test]
fn every_seed_gives_the_figures_of_the_real_log() {
    for seed in [1, 2, 3, u64::MAX] {
        let log = GeneratedLog::new(seed);
        let applications = log.applications.iter().map(history::steps);
        let applications: Vec<_> = applications.collect();
        assert_eq!(applications.len() as u64, APPLICATIONS);
        let lengths: Vec<_> = applications.iter().map(Vec::len).collect();
        assert_eq!(lengths.iter().sum::<usize>() as u64, EVENTS);
        assert_eq!(lengths.iter().min(), Some(&3));
        assert_eq!(lengths.iter().max(), Some(&175));
        assert_eq!(lengths.iter().filter(|steps| **steps == 3).count(), 3_429);
        let requested: u64 = log.applications.iter().map(|plan| plan.amount).sum();
        assert_eq!(requested, 177_634_511);
        let mut counts = BTreeMap::new();
        for step in applications.iter().flatten() {
            *counts.entry(*step).or_default() += 1;
        }
        let counts: Vec<_> = counts.into_iter().map(|((a, b), n)| (a, b, n)).collect();
        assert_eq!(counts, STEPS);
    }
}

/// Counts in the text alone, with nothing of the generator's or the reader's.
#[test]
fn its_text_has_the_figures_of_the_real_log() {
    let text = text(GeneratedLog::new(1));
    let values = |key: &str| -> Vec<&str> {
        let start = format!("key=\"{key}\" value=\"");
        let found = text.lines().filter_map(|line| line.split_once(&start));
        found
            .map(|(_, rest)| rest.split_once('"').unwrap().0)
            .collect()
    };
    // One of each is the default in the head.
    assert_eq!(values("AMOUNT_REQ").len() as u64, APPLICATIONS + 1);
    let numbers = values("concept:name");
    assert_eq!(numbers.len() as u64, APPLICATIONS + EVENTS + 1);
    let people: BTreeSet<_> = values("org:resource").into_iter().collect();
    assert_eq!(people.len(), 68);
    let transitions = values("lifecycle:transition");
    let count = |name| transitions.iter().filter(|found| **found == name).count();
    assert_eq!(count("COMPLETE"), 164_506);
    assert_eq!(count("START"), 71_376);
    assert_eq!(count("SCHEDULE"), 26_318);
    let times = values("time:timestamp");
    let times: Vec<jiff::Timestamp> = times.iter().map(|time| time.parse().unwrap()).collect();
    let first = "2011-10-01T00:38:44.546+02:00".parse().unwrap();
    let last = "2012-03-14T16:04:54.681+01:00".parse().unwrap();
    assert_eq!(times.iter().filter(|time| **time == first).count(), 1);
    assert_eq!(times.iter().min(), Some(&first));
    assert_eq!(times.iter().max(), Some(&last));
    assert!(text.contains("2011-10-01T00:38:44.546+02:00"));
    assert!(text.contains("2012-03-14T16:04:54.681+01:00"));
    for trace in text.split("<trace>").skip(1) {
        let times = trace.lines().filter(|line| line.contains("time:timestamp"));
        let times = times.map(|line| line.split('"').nth(3).unwrap());
        let times: Vec<jiff::Timestamp> = times.map(|time| time.parse().unwrap()).collect();
        assert!(times.is_sorted(), "{trace}");
    }
}

#[test]
fn a_seed_makes_the_same_log_again() {
    let short = |seed| text(GeneratedLog::new(seed).first(50));
    assert_eq!(short(5), short(5));
    assert_ne!(short(5), short(6));
}

/// Compressed, as the real one is.
#[test]
fn the_reader_takes_it_as_it_was_written() {
    let text = text(GeneratedLog::new(3).first(300));
    let events = text.matches("<event>").count() as u64;
    let mut compressed = GzEncoder::new(Vec::new(), Compression::fast());
    compressed.write_all(text.as_bytes()).unwrap();
    let loans = Loans::new();
    loans.write("log.xes.gz", compressed.finish().unwrap());
    let imported = loans.succeed(&["import", "log.xes.gz"]);
    assert_eq!(figure(&imported, "applications"), 300);
    assert_eq!(figure(&imported, "events stored"), events);
    assert_eq!(figure(&imported, "refused"), 0);
    let report = loans.succeed(&["report", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let count = |name: &str| text.matches(&format!("\"{name}\"")).count();
    assert_eq!(report["approved"], count("A_APPROVED"));
    assert_eq!(report["declined"], count("A_DECLINED"));
    assert_eq!(report["cancelled"], count("A_CANCELLED"));
}

fn text(log: GeneratedLog) -> String {
    let mut text = Vec::new();
    log.write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}
