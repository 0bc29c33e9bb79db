//! The dashboard of the sample, and of a log that is being imported.

use std::io::Read;

use intent_tests::postgres::TempDatabase;

use crate::{
    generated::GeneratedLog,
    support::{
        dashboard::dashboard_equals,
        loans::{Loans, Ran},
    },
};

const SAMPLE: &[u8] = include_bytes!("../../sample.xes");

const README: &str = include_str!("../../README.md");

/// What is printed of the sample, on every store.
const DASHBOARD: &str = include_str!("dashboard.txt");

#[test]
fn the_sample_is_drawn() {
    let loans = Loans::new();
    loans.succeed(&["import"]);
    assert_eq!(loans.succeed(&["dashboard"]), DASHBOARD);
    dashboard_equals(&loans, SAMPLE);
    let shown = format!("```text\n{DASHBOARD}```");
    assert!(README.contains(&shown), "the README shows another one");
}

#[tokio::test]
async fn the_sample_is_drawn_alike_on_postgres() {
    let database = TempDatabase::new().await;
    let loans = Loans::on(database.url());
    loans.succeed(&["import"]);
    assert_eq!(loans.succeed(&["dashboard"]), DASHBOARD);
}

#[test]
fn two_dashboards_at_once_have_what_was_imported_meanwhile() {
    let loans = Loans::new();
    let mut log = Vec::new();
    GeneratedLog::new(3).first(400).write(&mut log).unwrap();
    loans.write("log.xes", &log);
    // So that there is something to show from the start on.
    loans.succeed(&["import"]);
    let mut import = loans.command(&["import", "log.xes"]).spawn().unwrap();
    loop {
        let is_over = import.try_wait().unwrap().is_some();
        let start = || loans.command(&["dashboard"]).spawn().unwrap();
        let printed = [start(), start()].map(|child| {
            let ran = Ran::from(child.wait_with_output().unwrap());
            assert!(ran.success, "{ran:#?}");
            ran.out
        });
        if is_over {
            assert_eq!(printed[0], printed[1]);
            break;
        }
    }
    dashboard_equals(&loans, SAMPLE.chain(log.as_slice()));
}
