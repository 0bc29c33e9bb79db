//! The sample in memory, and what a log can have wrong.

use std::{error::Error, io::Cursor, num::NonZeroUsize};

use intent_runtime::{App, AsOf, Id};

use crate::{
    SAMPLE,
    case::Case,
    domain::{LoanApplication, loans},
    import::{self, Imported},
    progress::{Done, Progress},
    report::Figures,
    verify::{Verdict, verify},
    xes::{Log, Meter},
};

const SAMPLE_EVENTS: u64 = 185;

async fn memory() -> App {
    App::connect("memory:", loans()).await.unwrap()
}

fn log(text: impl Into<Vec<u8>>) -> Log {
    let text = Cursor::new(text.into());
    Log::read("test.xes".into(), text, &Meter::default()).unwrap()
}

async fn import(app: &App, text: impl Into<Vec<u8>>) -> Imported {
    let tasks = NonZeroUsize::new(4).unwrap();
    let imported = import::import(app, log(text), tasks, &Progress::hidden()).await;
    imported.unwrap()
}

fn sample_ids() -> Vec<Id<LoanApplication>> {
    let traces = log(SAMPLE).map(Result::unwrap);
    traces.map(|trace| Case::of(&trace).unwrap().id).collect()
}

fn sample_with(from: &str, to: &str) -> String {
    let text = std::str::from_utf8(SAMPLE).unwrap();
    assert!(text.contains(from), "the sample has no {from}");
    text.replacen(from, to, 1)
}

fn one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn the_sample_has_its_figures() {
    let app = memory().await;
    let imported = import(&app, SAMPLE).await;
    assert!(imported.refused.is_empty(), "{:?}", imported.refused);
    let figures = Figures::count(&app, sample_ids(), None).await.unwrap();
    let expected = Figures {
        applications: 12,
        events: SAMPLE_EVENTS,
        requested_amount: 218_000,
        approved: 4,
        declined: 4,
        cancelled: 2,
        undecided: 2,
        stages: figures.stages,
        offers: figures.offers,
    };
    assert_eq!(figures, expected);
    assert_eq!(figures.stages.finalized, 7);
    assert_eq!(figures.offers.created, 8);
}

#[tokio::test]
async fn the_sample_loads_alike_with_and_without_snapshots() {
    let app = memory().await;
    import(&app, SAMPLE).await;
    let verdict = verify(&app, sample_ids()).await.unwrap();
    let expected = Verdict {
        compared: 12,
        with_snapshot: 5,
        mismatches: Vec::new(),
    };
    assert_eq!(verdict, expected);
}

#[tokio::test]
async fn a_second_import_stores_nothing() {
    let app = memory().await;
    import(&app, SAMPLE).await;
    let done = import(&app, SAMPLE).await.done;
    let expected = Done {
        applications: 12,
        stored: 0,
        before: SAMPLE_EVENTS,
    };
    assert_eq!(done, expected);
}

#[tokio::test]
async fn two_imports_at_once_store_each_event_once() {
    let app = memory().await;
    let (one, other) = tokio::join!(import(&app, SAMPLE), import(&app, SAMPLE));
    assert_eq!(one.done.stored + other.done.stored, SAMPLE_EVENTS);
    assert_eq!(one.done.before + other.done.before, SAMPLE_EVENTS);
    assert!(one.refused.is_empty() && other.refused.is_empty());
}

#[tokio::test]
async fn events_carry_who_and_when() {
    let app = memory().await;
    import(&app, SAMPLE).await;
    let id = Id::<LoanApplication>::from_name("700106");
    let history = app.history(id).await.unwrap();
    let first = &history[0].metadata().unwrap();
    assert_eq!(first.actor.as_deref(), Some("501"));
    let application = app
        .load_as_of(id, AsOf::Occurred(first.timestamp.unwrap()))
        .await
        .unwrap();
    assert_eq!(application.version().get(), 1);
    assert_eq!(application.number, "700106");
}

#[tokio::test]
async fn an_event_that_makes_no_sense_is_refused_with_its_place() {
    let app = memory().await;
    let imported = import(&app, sample_with("O_SENT\"", "O_ACCEPTED\"")).await;
    assert_eq!(imported.refused.len(), 1);
    let refused = imported.refused[0].to_string();
    assert!(refused.contains("line 67, column 3: application 700101 refuses `O_ACCEPTED`: an offer is still being prepared"), "{refused}");
    // The other applications are whole.
    assert_eq!(imported.done.applications, 12);
    assert_eq!(imported.done.stored, SAMPLE_EVENTS - 22 + 9);
}

#[tokio::test]
async fn a_mended_log_is_completed() {
    let app = memory().await;
    let broken = import(&app, sample_with("A_DECLINED", "A_DECLIMED")).await;
    let error = one_line(&broken.broken.unwrap());
    assert!(
        error.ends_with("a loan application has no event `A_DECLIMED` with transition `COMPLETE`"),
        "{error}"
    );
    assert_eq!(broken.done.applications, 4);
    let mended = import(&app, SAMPLE).await;
    assert!(mended.broken.is_none() && mended.refused.is_empty());
    assert_eq!(mended.done.before, broken.done.stored);
    assert_eq!(mended.done.stored, SAMPLE_EVENTS - broken.done.stored);
}

#[tokio::test]
async fn every_mistake_in_a_log_is_named() {
    let cases = [
        (
            "value=\"12000\"",
            "value=\"12,000\"",
            "line 12, column 3: `12,000` is not an amount in whole euros: invalid digit found in string",
        ),
        (
            "AMOUNT_REQ",
            "AMOUNT",
            "line 9, column 2: the trace has no `AMOUNT_REQ`",
        ),
        (
            "REG_DATE",
            "REGDATE",
            "line 9, column 2: the trace has no `REG_DATE`",
        ),
        (
            "lifecycle:transition\" v",
            "lifecycle\" v",
            "line 13, column 3: the event has no `lifecycle:transition`",
        ),
        (
            "W_Completeren aanvraag",
            "W_Koffie",
            "a loan application has no event `W_Koffie` with transition `SCHEDULE`",
        ),
    ];
    for (from, to, expected) in cases {
        let error = import(&memory().await, sample_with(from, to)).await.broken;
        let error = one_line(&error.unwrap());
        assert!(error.starts_with("test.xes, line "), "{error}");
        assert!(error.ends_with(expected), "{error}\nnot\n{expected}");
    }
}
