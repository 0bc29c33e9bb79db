//! Commands: their effects, and why they are refused.

use intent_runtime::{App, Cursor, LoadError, LogFilter, prelude::*};
use intent_tests::postgres::TempDatabase;

use super::{
    domain::*,
    fixture::{domain, on_every_store, opened},
};

#[tokio::test]
async fn a_command_is_decided_stored_and_answered_with_a_receipt() {
    on_every_store(async |app| {
        let id = Id::new();
        let receipt = app
            .send(Open {
                id,
                owner: "Ada".into(),
            })
            .await
            .unwrap();
        assert_eq!(receipt.version, Version::FIRST);
        assert_eq!(
            receipt.events,
            [AccountEvent::Opened(Opened {
                owner: "Ada".into()
            })]
        );

        let second = app.send(Deposit { id, amount: 5 }).await.unwrap();
        assert_eq!((second.id, second.version), (id, Version::new(2)));
        let (before, after) = (receipt.cursor.unwrap(), second.cursor.unwrap());
        assert!(before.compare(after).unwrap().is_lt(), "cursors grow");
        assert!(second.recorded_at >= receipt.recorded_at);
        assert!(!second.repeated);

        let account = app.load(id).await.unwrap();
        assert_eq!((account.version(), account.balance), (Version::new(2), 5));
        assert_eq!(account.owner, "Ada");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_the_domains_own_error_and_stores_nothing() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let refused = app.send(Withdraw { id, amount: 7 }).await.unwrap_err();
        let expected = Overdrawn {
            balance: 0,
            asked: 7,
        };
        assert!(
            matches!(&refused, SendError::Rejected(error) if *error == expected),
            "{refused:?}"
        );
        assert_eq!(refused.to_string(), "balance 0 does not cover 7");
        assert_eq!(app.load(id).await.unwrap().version(), Version::FIRST);
    })
    .await;
}

#[tokio::test]
async fn a_command_with_nothing_to_do_stores_nothing() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let receipt = app.send(Deposit { id, amount: 0 }).await.unwrap();
        assert_eq!((receipt.version, receipt.cursor), (Version::FIRST, None));
        assert!(receipt.events.is_empty());
    })
    .await;
}

#[tokio::test]
async fn several_events_of_one_decision_get_consecutive_versions() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let receipt = app
            .send(DepositMany {
                id,
                amounts: vec![1, 2, 3],
            })
            .await
            .unwrap();
        assert_eq!(
            (receipt.version, receipt.events.len()),
            (Version::new(4), 3)
        );
        assert_eq!(app.load(id).await.unwrap().balance, 6);
    })
    .await;
}

#[tokio::test]
async fn creating_twice_and_continuing_nothing_are_told_apart() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let again = app
            .send(Open {
                id,
                owner: "Eve".into(),
            })
            .await
            .unwrap_err();
        assert_eq!(again.to_string(), format!("Account {id} exists already"));
        assert_eq!(app.load(id).await.unwrap().owner, "Ada");

        let nobody = Id::<Account>::new();
        let missing = app
            .send(Deposit {
                id: nobody,
                amount: 1,
            })
            .await
            .unwrap_err();
        assert!(matches!(missing, SendError::NotFound { .. }), "{missing:?}");
        let missing = app.load(nobody).await.unwrap_err();
        assert_eq!(
            missing.to_string(),
            format!("Account {nobody} does not exist")
        );
    })
    .await;
}

#[tokio::test]
async fn a_decision_that_breaks_the_history_is_an_error_before_anything_is_written() {
    on_every_store(async |app| {
        let id = Id::new();
        let error = app
            .send(OpenWithoutEvent { id, amount: 1 })
            .await
            .unwrap_err();
        assert!(matches!(error, SendError::Decision { .. }), "{error:?}");
        let missing = app.load(id).await.unwrap_err();
        assert!(matches!(missing, LoadError::NotFound { .. }), "{missing:?}");

        let id = opened(&app).await;
        let error = app.send(OpenAgain { id }).await.unwrap_err();
        assert!(matches!(error, SendError::Decision { .. }), "{error:?}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(
            cause,
            "a history of Account has the creating event `Opened` again at version 2"
        );
        assert_eq!(app.load(id).await.unwrap().version(), Version::FIRST);
        app.send(Deposit { id, amount: 1 }).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_expected_version_must_be_the_version_there_is() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let expecting = |version| SendOptions::new().expect_version(Version::new(version));
        app.send_with(Deposit { id, amount: 1 }, expecting(1))
            .await
            .unwrap();
        let conflict = app
            .send_with(Deposit { id, amount: 1 }, expecting(1))
            .await
            .unwrap_err();
        let text = format!("Account {id} is at version 2, the command expected version 1");
        assert_eq!(conflict.to_string(), text);
        let conflict = app
            .send_with(Deposit { id, amount: 1 }, expecting(9))
            .await
            .unwrap_err();
        assert!(
            matches!(conflict, SendError::Conflict { actual, .. } if actual == Version::new(2))
        );
        assert_eq!(app.load(id).await.unwrap().balance, 1);

        let none = SendOptions::new().expect_version(Version::NONE);
        app.send_with(
            Open {
                id: Id::new(),
                owner: "Bo".into(),
            },
            none,
        )
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_url_without_a_store_says_what_would_do() {
    let error = App::connect("mysql://somewhere", Domain::new())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`mysql://somewhere` cannot be used: use `memory:`, `sqlite:FILE` or `postgres://HOST/DATABASE`"
    );
    for url in [
        "postgress://ada:secret@host/db",
        "mysql//ada:secret@host/db?password=secret",
    ] {
        let error = App::connect(url, Domain::new()).await.unwrap_err();
        assert!(error.to_string().contains("@host/db`"), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("secret"),
            "{error:?}"
        );
    }
    for url in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:x?mode=memory",
    ] {
        let error = App::connect(url, Domain::new()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`{url}` cannot be used: a database in memory would vanish with its connection, use `memory:`"
            )
        );
    }
}

#[tokio::test]
async fn the_same_app_runs_on_a_url() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("bank.db").display());
    let database = TempDatabase::new().await;
    for url in ["memory:", &file, &database.url()] {
        let app = App::connect(url, domain()).await.unwrap();
        let id = opened(&app).await;
        assert_eq!(app.load(id).await.unwrap().version(), Version::FIRST);
        app.store().close().await.unwrap();
    }
}

#[tokio::test]
async fn a_reader_stands_where_the_receipt_says_and_nowhere_in_another_store() {
    let elsewhere = std::cell::RefCell::new(Vec::new());
    on_every_store(async |app| {
        let id = opened(&app).await;
        let sent = app.send(Deposit { id, amount: 5 }).await.unwrap();
        let stored = sent.cursor.unwrap();
        let mut log = app.subscribe(LogFilter::all());
        assert!(log.cursor().compare(stored).unwrap().is_lt());
        log.next().await.unwrap();
        assert!(log.cursor().compare(stored).unwrap().is_lt());
        log.next().await.unwrap();
        assert!(log.cursor().compare(stored).unwrap().is_eq());
        assert!(stored.compare(Cursor::START).unwrap().is_gt());
        elsewhere.borrow_mut().push(stored);
    })
    .await;
    let elsewhere = elsewhere.into_inner();
    for (one, other) in elsewhere.iter().zip(&elsewhere[1..]) {
        match one.compare(*other) {
            Err(StoreError::UnknownCursor { cursor, .. }) => assert_eq!(cursor, *other),
            compared => panic!("they are of different stores: {compared:?}"),
        }
    }
}
