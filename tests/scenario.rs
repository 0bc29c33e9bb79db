//! A scenario that fails says why, at its own line.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, OnceLock},
};

use intent_runtime::{prelude::*, store::Append};

use crate::dispatch::{
    acting::{self, Close, Closed, Sign, Signed, Till},
    domain::*,
};

/// What a failing scenario, or another assertion, printed, and the file it blamed.
pub(crate) fn failure(scenario: impl FnOnce()) -> (String, String) {
    static HOOK: OnceLock<Mutex<Option<String>>> = OnceLock::new();
    // Other tests fail on threads of their own while the hook is set; only this thread's place is kept.
    let place = HOOK.get_or_init(Mutex::default);
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let this = std::thread::current().id();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == this {
            *place.lock().unwrap() = info.location().map(|place| place.file().to_owned());
        }
    }));
    let panicked = panic::catch_unwind(AssertUnwindSafe(scenario));
    panic::set_hook(before);
    let message = panicked.expect_err("the scenario fails");
    let message = message.downcast_ref::<String>().expect("a message").clone();
    (message, place.lock().unwrap().take().expect("a place"))
}

fn opened() -> AccountEvent {
    Opened {
        owner: "Ada".into(),
    }
    .into()
}

#[test]
fn other_events_are_shown_as_a_difference() {
    let id = Id::new();
    let (message, place) = failure(|| {
        Scenario::<Account>::given(id, [opened()])
            .when(DepositMany {
                id,
                amounts: vec![1, 2],
            })
            .then_emits([
                Deposited {
                    amount: 1,
                    channel: "batch".into(),
                }
                .into(),
                Deposited {
                    amount: 3,
                    channel: "batch".into(),
                }
                .into(),
            ]);
    });
    let expected = r#"`DepositMany` emitted other events than expected:

    - expected
    + emitted

      Deposited(
          Deposited {
              amount: 1,
              channel: "batch",
          },
      )
      Deposited(
          Deposited {
    -         amount: 3,
    +         amount: 2,
              channel: "batch",
          },
      )
"#;
    assert_eq!(message, expected);
    assert!(place.ends_with("scenario.rs"), "it blames {place}");
}

#[test]
fn what_came_instead_is_said() {
    let id = Id::new();
    let given = || Scenario::<Account>::given(id, [opened()]);
    let (message, _) = failure(|| drop(given().when(Withdraw { id, amount: 3 }).then_nothing()));
    let expected = "expected `Withdraw` to have nothing to do, but it was rejected:\n\n    Overdrawn {\n        \
                    balance: 0,\n        asked: 3,\n    }\n";
    assert_eq!(message, expected);

    let (message, _) = failure(|| {
        drop(
            given()
                .when(Deposit { id, amount: 0 })
                .then_rejects(|_| true),
        );
    });
    assert_eq!(
        message,
        "expected `Deposit` to be rejected, but it emitted nothing"
    );

    let (message, _) = failure(|| {
        drop(
            given()
                .when(Open {
                    id,
                    owner: "Bo".into(),
                })
                .then_nothing(),
        );
    });
    assert_eq!(
        message,
        "expected `Open` to have nothing to do, but the Account exists already"
    );

    let nobody = || Scenario::<Account>::given(id, []);
    let (message, _) = failure(|| drop(nobody().when(Deposit { id, amount: 1 }).then_nothing()));
    assert_eq!(
        message,
        "expected `Deposit` to have nothing to do, but there is no Account"
    );

    let (message, _) = failure(|| {
        drop(
            given()
                .when(Withdraw { id, amount: 3 })
                .then_rejects(|refused| refused.asked == 4),
        );
    });
    assert!(
        message.starts_with("`Withdraw` was rejected otherwise than expected:\n\n    Overdrawn {"),
        "{message}"
    );

    let (message, _) = failure(|| {
        drop(
            given()
                .when(Deposit { id, amount: 3 })
                .then_state(|account| account.balance == 4),
        );
    });
    assert!(
        message.starts_with("after `Deposit` the state is not as expected:\n\n    Account {"),
        "{message}"
    );
}

#[test]
fn a_scenario_that_makes_no_sense_is_refused() {
    let id = Id::new();
    let (message, place) = failure(|| {
        let _ = Scenario::<Account>::given(id, [opened(), opened()]);
    });
    assert_eq!(
        message,
        "the given events are no history: a history of Account has the creating event `Opened` again at version 2"
    );
    assert!(place.ends_with("scenario.rs"), "it blames {place}");

    let other = Id::new();
    let (message, _) = failure(|| {
        let _ = Scenario::<Account>::given(id, [opened()]).when(Deposit {
            id: other,
            amount: 1,
        });
    });
    assert_eq!(
        message,
        format!("`Deposit` is for Account {other}, the given history is of {id}")
    );
}

#[test]
fn events_that_cannot_be_stored_are_told_apart() {
    let id = Id::new();
    let given = || Scenario::<Account>::given(id, [opened()]);
    given()
        .when(OpenAgain { id })
        .then_cannot_be_stored(|error| matches!(error, SendError::Decision { .. }))
        .then_state(|account| account.owner == "Ada");
    let too_many = Append::MAX_EVENTS + 1;
    given()
        .when(Drain { id, most: too_many })
        .then_cannot_be_stored(|error| {
            matches!(error, SendError::Store(StoreError::Invalid { .. }))
        });
    let at_the_limit = vec![0; Append::MAX_EVENTS];
    given()
        .when(DepositMany {
            id,
            amounts: at_the_limit,
        })
        .then_state(|account| account.balance == 0);
    let large = Metadata::new().tag("note", "x".repeat(Append::MAX_PAYLOAD));
    given()
        .in_context(Context::new().with_metadata(large))
        .when(Deposit { id, amount: 1 })
        .then_cannot_be_stored(|error| format!("{error:?}").contains("the metadata"));

    let (message, place) = failure(|| drop(given().when(OpenAgain { id }).then_nothing()));
    let expected = format!(
        "expected `OpenAgain` to have nothing to do, but its events cannot be stored: the decision on `OpenAgain` for Account {id} \
         cannot be stored: a history of Account has the creating event `Opened` again at version 2"
    );
    assert_eq!(message, expected);
    assert!(place.ends_with("scenario.rs"), "it blames {place}");

    let (message, place) = failure(|| {
        drop(
            given()
                .when(OpenAgain { id })
                .then_cannot_be_stored(|error| matches!(error, SendError::Encode { .. })),
        );
    });
    assert!(
        message.starts_with("the events of `OpenAgain` cannot be stored for another reason than expected:\n\n    the decision"),
        "{message}"
    );
    assert!(place.ends_with("scenario.rs"), "it blames {place}");

    let (message, _) = failure(|| {
        drop(
            given()
                .when(Deposit { id, amount: 0 })
                .then_cannot_be_stored(|_| true),
        );
    });
    assert_eq!(
        message,
        "expected `Deposit` to decide on events that cannot be stored, but it emitted nothing"
    );
}

#[test]
fn a_command_is_sent_for_an_actor() {
    let id = Id::new();
    let actor = |role: &str| Actor::new("ada").role("guest").role(role);
    let given = || Scenario::<Till>::given(id, [acting::Opened.into()]);
    given()
        .acting(actor("teller"))
        .when(Close { id })
        .then_emits([Closed.into()]);
    // The program may do everything.
    given().when(Close { id }).then_emits([Closed.into()]);
    given()
        .acting(actor("clerk"))
        .when(Close { id })
        .then_forbidden();
    // The decision sees who acts, and in which role; a clock that was set stays.
    let at = Timestamp::from_micros(5).unwrap();
    let then = Metadata::new().timestamp(Timestamp::from_micros(7).unwrap());
    let context = Context::new().with_metadata(then).at(at);
    given()
        .in_context(context)
        .acting(actor("teller"))
        .when(Sign { id })
        .then_emits([Signed {
            by: "ada, teller".into(),
            at,
        }
        .into()]);

    let (message, place) = failure(|| {
        drop(
            given()
                .acting(actor("clerk"))
                .when(Close { id })
                .then_nothing(),
        );
    });
    assert_eq!(
        message,
        "expected `Close` to have nothing to do, but it was forbidden: ada may not send `Close` to Till: the actor has the \
         roles `guest`, `clerk`, and the command needs `manager` or `teller`"
    );
    assert!(place.ends_with("scenario.rs"), "it blames {place}");
    let (message, _) = failure(|| {
        drop(
            given()
                .acting(actor("teller"))
                .when(Close { id })
                .then_forbidden(),
        );
    });
    assert!(
        message.starts_with("expected `Close` to be forbidden, but it emitted\n\n    Closed("),
        "{message}"
    );
}
