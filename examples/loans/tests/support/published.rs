//! The figures published for the real log, which hold for the generated one as well.

use crate::support::loans::{Loans, figure};

pub const APPLICATIONS: u64 = 13_087;
pub const EVENTS: u64 = 262_200;

/// Compares what was imported with the figures that others counted, independently of this project.
#[track_caller]
pub fn has_the_published_figures(loans: &Loans) {
    let report = |arguments: &[&str]| -> serde_json::Value {
        let arguments = [&["report", "--json"], arguments].concat();
        serde_json::from_str(&loans.succeed(&arguments)).unwrap()
    };
    let expected = serde_json::json!({
        "applications": APPLICATIONS, "events": EVENTS, "requested_amount": 177_634_511,
        "approved": 2_246, "declined": 7_635, "cancelled": 2_807, "undecided": 399
    });
    assert_eq!(report(&[]), expected);
    // By the events' own time the last one is the end, and the first one the beginning.
    let end = report(&["--as-of", "2012-03-14T16:04:54.681+01:00"]);
    assert_eq!(end, expected);
    let start = report(&["--as-of", "2011-10-01T00:38:44.546+02:00"]);
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
    let verified = loans.succeed(&["verify"]);
    assert_eq!(figure(&verified, "compared"), APPLICATIONS);
    assert_eq!(figure(&verified, "mismatches"), 0);
}
