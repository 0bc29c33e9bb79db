//! A scenario that fails says why, at the line of whoever wrote it.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, OnceLock},
};

use intent_runtime::prelude::*;

use crate::dispatch::domain::*;

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

    let (message, _) = failure(|| {
        let _ = Scenario::<Account>::given(id, [opened()]).when(OpenAgain { id });
    });
    assert!(
        message.starts_with("`OpenAgain` decided on events that cannot be stored:"),
        "{message}"
    );
}
