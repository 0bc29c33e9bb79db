//! Chapter "Testing".

use intent_runtime::prelude::*;

use super::acting::{self as till, Till};
use super::commands::{Account, Close, Closed, Deposited, Opened, Refused, Withdraw, Withdrawn};

// ANCHOR: scenario
#[test]
fn money_that_is_there_can_be_taken_out() {
    let id = Id::new();
    let opened = Opened {
        owner: "Ada".into(),
    };
    Scenario::<Account>::given(id, [opened.into(), Deposited { amount: 5 }.into()])
        .when(Withdraw { id, amount: 3 })
        .then_emits([Withdrawn { amount: 3 }.into()]);
}

#[test]
fn an_overdraft_is_refused() {
    let id = Id::new();
    let opened = Opened {
        owner: "Ada".into(),
    };
    Scenario::<Account>::given(id, [opened.into()])
        .when(Withdraw { id, amount: 3 })
        .then_rejects(|refused| matches!(refused, Refused::Overdrawn { asked: 3, .. }));
}
// ANCHOR_END: scenario

// ANCHOR: context
#[test]
fn closing_notes_the_time() {
    let id = Id::new();
    let at = "2026-01-01T12:00:00Z".parse().unwrap();
    let opened = Opened {
        owner: "Ada".into(),
    };
    Scenario::<Account>::given(id, [opened.into()])
        .in_context(Context::new().at(at))
        .when(Close { id })
        .then_emits([Closed { at }.into()]);
}
// ANCHOR_END: context

// ANCHOR: steps
#[test]
fn what_follows_can_be_asked_step_by_step() {
    let id = Id::new();
    let opened = Opened {
        owner: "Ada".into(),
    };
    Scenario::<Account>::given(id, [opened.into(), Deposited { amount: 5 }.into()])
        .when(Withdraw { id, amount: 3 })
        .then_emits([Withdrawn { amount: 3 }.into()])
        .then_state(|account| account.balance == 2);
    Scenario::<Account>::given(id, [])
        .when(Withdraw { id, amount: 3 })
        .then_not_found();
}
// ANCHOR_END: steps

// ANCHOR: roles
#[test]
fn only_a_manager_closes_the_till() {
    let id = Id::new();
    Scenario::<Till>::given(id, [till::Opened.into()])
        .acting(Actor::new("ada").role("teller"))
        .when(till::Close { id })
        .then_forbidden();
    Scenario::<Till>::given(id, [till::Opened.into()])
        .acting(Actor::new("eve").role("manager"))
        .when(till::Close { id })
        .then_emits([till::Closed.into()]);
}
// ANCHOR_END: roles

// ANCHOR: golden
#[tokio::test]
async fn the_first_release_is_still_read() {
    let written = include_bytes!("release-1.jsonl");
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
    app.import().read(&mut &written[..]).await.unwrap();

    let account: Loaded<Account> = app.load(Id::from_name("ada")).await.unwrap();
    assert_eq!((account.version(), account.balance), (Version::new(3), 12));
}
// ANCHOR_END: golden
