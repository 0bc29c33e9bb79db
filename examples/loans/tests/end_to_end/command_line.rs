//! The command line as a person uses it, with the sample.

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use crate::support::loans::{Loans, figure};

const SAMPLE: &str = include_str!("../../sample.xes");

#[track_caller]
fn json(text: &str) -> serde_json::Value {
    assert_eq!(text.lines().count(), 1, "not one line: {text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_sample_is_imported_reported_and_verified() {
    let loans = Loans::new();
    let imported = loans.succeed(&["import"]);
    assert_eq!(figure(&imported, "applications"), 12);
    assert_eq!(figure(&imported, "events stored"), 185);
    assert_eq!(figure(&imported, "there already"), 0);
    assert_eq!(figure(&imported, "refused"), 0);
    assert!(loans.folder().join("loans.db").is_file());
    assert_eq!(
        json(&loans.succeed(&["report", "--json"])),
        serde_json::json!({
            "applications": 12, "events": 185, "requested_amount": 218_000,
            "approved": 4, "declined": 4, "cancelled": 2, "undecided": 2
        })
    );
    let table = loans.succeed(&["report"]);
    assert_eq!(figure(&table, "requested amount"), 218_000);
    assert_eq!(figure(&table, "offers sent back"), 5);
    let verified = loans.succeed(&["verify"]);
    assert_eq!(figure(&verified, "compared"), 12);
    assert_eq!(figure(&verified, "with a snapshot"), 5);
    assert_eq!(figure(&verified, "mismatches"), 0);
}

#[test]
fn the_report_looks_back_inclusively() {
    let loans = Loans::new();
    loans.succeed(&["import"]);
    // The moment of the first decline, to the millisecond, and just before it.
    let declined = first_time_after("A_DECLINED");
    let at = json(&loans.succeed(&["report", "--json", "--as-of", &declined]));
    assert_eq!(at["declined"], 1);
    let failed = loans.run(&["report", "--json", "--as-of", "yesterday"]);
    assert!(
        !failed.success && failed.err.contains("--as-of"),
        "{failed:?}"
    );
    let just_before =
        json(&loans.succeed(&["report", "--json", "--as-of", &a_little_before(&declined)]));
    assert_eq!(just_before["declined"], 0);
    assert_eq!(
        just_before["events"].as_u64(),
        at["events"].as_u64().map(|n| n - 1)
    );
    let none = json(&loans.succeed(&["report", "--json", "--as-of", "1999-12-31T00:00:00Z"]));
    assert_eq!(none["applications"], 0);
}

#[tokio::test]
async fn a_snapshot_that_lies_is_found_out() {
    let loans = Loans::new();
    loans.succeed(&["import"]);
    let file = SqliteConnectOptions::new().filename(loans.folder().join("loans.db"));
    let mut connection = file.connect().await.unwrap();
    let lie = "UPDATE intent_snapshots SET state = replace(state, '\"sent\":1', '\"sent\":7')";
    let told = sqlx::query(lie).execute(&mut connection).await.unwrap();
    assert!(told.rows_affected() > 0);
    connection.close().await.unwrap();
    let verified = loans.run(&["verify"]);
    assert!(!verified.success);
    assert!(figure(&verified.out, "mismatches") > 0, "{verified:?}");
    assert!(verified.out.contains("700101 differs"), "{verified:?}");
}

/// The time of the first event of that name in the sample.
fn first_time_after(name: &str) -> String {
    let (_, rest) = SAMPLE.split_once(name).unwrap();
    let (_, rest) = rest.split_once("time:timestamp\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// One microsecond before a time that has milliseconds.
fn a_little_before(time: &str) -> String {
    let (seconds, zone) = time.split_at(19);
    let (millis, zone) = zone[1..].split_at(3);
    let millis: u32 = millis.parse().unwrap();
    assert!(millis > 0, "choose another event of the sample");
    format!("{seconds}.{:06}{zone}", millis * 1_000 - 1)
}

#[test]
fn a_malformed_line_is_named_and_a_mended_file_completes() {
    let loans = Loans::new();
    let line = SAMPLE
        .lines()
        .position(|line| line.contains("700108"))
        .unwrap()
        + 1;
    let broken = SAMPLE.replace(
        "<string key=\"concept:name\" value=\"700108\"/>",
        "<string key=concept:name/>",
    );
    let file = loans.write("log.xes", broken);
    let failed = loans.run(&["import", "log.xes"]);
    assert!(!failed.success);
    assert_eq!(failed.err.lines().count(), 1, "{}", failed.err);
    let expected = format!("loans: log.xes, line {line}, column 3: this is not well-formed XML: ");
    assert!(failed.err.starts_with(&expected), "{}", failed.err);
    assert_eq!(figure(&failed.out, "applications"), 7);
    let kept = json(&loans.succeed(&["report", "--json"]));
    assert_eq!(kept["applications"], 7);

    std::fs::write(file, SAMPLE).unwrap();
    let mended = loans.succeed(&["import", "log.xes"]);
    assert_eq!(
        figure(&mended, "there already"),
        kept["events"].as_u64().unwrap()
    );
    let whole = json(&loans.succeed(&["report", "--json"]));
    assert_eq!(whole["events"], 185);
}

#[test]
fn before_any_import_one_is_asked_for() {
    let loans = Loans::new();
    loans.write("empty.xes", "<log></log>");
    let ask = |arguments: &[&str], url| {
        let failed = loans.run(arguments);
        assert!(!failed.success && failed.out.is_empty(), "{failed:?}");
        assert_eq!(
            failed.err,
            format!(
                "loans: `{url}` has no applications yet, import them first with `loans import`\n"
            )
        );
    };
    ask(&["report"], "sqlite:loans.db");
    ask(&["verify", "--database", "sqlite:no.db"], "sqlite:no.db");
    // A database that exists and is empty.
    loans.succeed(&["import", "empty.xes"]);
    ask(&["report", "--json"], "sqlite:loans.db");
    ask(&["verify"], "sqlite:loans.db");
}

#[test]
fn the_number_of_tasks_is_told_its_limits() {
    let loans = Loans::new();
    for tasks in ["0", "1025", "18446744073709551615"] {
        let failed = loans.run(&["import", "--tasks", tasks]);
        assert!(!failed.success, "{failed:?}");
        let expected = format!("{tasks} is not in 1..=1024");
        assert!(failed.err.contains(&expected), "{failed:?}");
    }
}

#[test]
fn what_goes_wrong_is_told_in_one_line() {
    let loans = Loans::new();
    loans.write("note.txt", "this is no log");
    loans.write(
        "foreign.db",
        "this is no database, whatever its name says".repeat(100),
    );
    for (arguments, expected) in [
        (
            &["import", "no.xes"][..],
            "loans: no.xes cannot be opened: ",
        ),
        (&["report"], "loans: "),
        (
            &["import", "note.txt", "--database", "sqlite:note.db"],
            "loans: note.txt, line 1, column 1: ",
        ),
        (&["verify", "--database", "sqlite:no.db"], "loans: "),
        (
            &["report", "--database", "memory:"],
            "loans: `memory:` forgets",
        ),
        (&["report", "--database", "oracle:loans"], "loans: "),
        (&["import", "--database", "sqlite:foreign.db"], "loans: "),
    ] {
        let failed = loans.run(arguments);
        assert!(!failed.success, "{arguments:?}");
        assert!(
            failed.err.starts_with(expected),
            "{arguments:?}: {}",
            failed.err
        );
        assert_eq!(
            failed.err.lines().count(),
            1,
            "{arguments:?}: {}",
            failed.err
        );
        assert_eq!(failed.out, "", "{arguments:?}");
    }
    assert!(
        !loans.folder().join("loans.db").exists(),
        "a report made a database"
    );
}
