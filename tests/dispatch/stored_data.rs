//! Stored data that cannot be read: a clear error, and everything else goes on.

use intent_runtime::{App, DecodeError, LoadError, prelude::*};

use super::{
    domain::*,
    fixture::{append_raw, on_every_store, opened},
};

async fn load_error(app: &App, id: Id<Account>) -> LoadError {
    app.load(id)
        .await
        .expect_err("the stored event cannot be read")
}

#[tokio::test]
async fn an_event_of_an_older_version_is_read_in_todays_shape() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        append_raw(&app, id, 1, ("Deposited", 1), r#"{"amount":7}"#).await;
        assert_eq!(app.load(id).await.unwrap().balance, 7);
        let history = app.history(id).await.unwrap();
        let expected = Deposited {
            amount: 7,
            channel: "counter".into(),
        };
        assert_eq!(history[1].event, AccountEvent::Deposited(expected));
        assert_eq!(
            history[1].source().schema_version,
            1,
            "what is stored stays as it is"
        );
    })
    .await;
}

#[tokio::test]
async fn an_unknown_event_is_named() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        append_raw(&app, id, 1, ("Audited", 3), "{}").await;
        let error = load_error(&app, id).await;
        let text =
            format!("`Audited` in schema version 3, event 2 of Account {id}, cannot be read");
        assert_eq!(error.to_string(), text);
        let LoadError::Decode { source, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(
            source.to_string(),
            "no event of the aggregate is stored as `Audited`"
        );

        let error = app.history(id).await.unwrap_err();
        assert!(
            matches!(error, LoadError::Decode { .. }),
            "the audit trail skips nothing: {error:?}"
        );
        let error = app.send(Deposit { id, amount: 1 }).await.unwrap_err();
        assert!(
            matches!(error, SendError::Load(LoadError::Decode { .. })),
            "nothing is decided on less: {error:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_version_from_the_future_is_named() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        append_raw(&app, id, 1, ("Deposited", 9), r#"{"sum":7}"#).await;
        let LoadError::Decode {
            source,
            schema_version,
            ..
        } = load_error(&app, id).await
        else {
            panic!()
        };
        assert_eq!(schema_version, 9);
        assert!(
            matches!(
                *source,
                DecodeError::FutureVersion {
                    stored: 9,
                    current: 2
                }
            ),
            "{source:?}"
        );
        assert_eq!(
            source.to_string(),
            "it was written in version 9, this build reads versions up to 2"
        );
    })
    .await;
}

#[tokio::test]
async fn an_unreadable_payload_is_named() {
    on_every_store(async |app| {
        for payload in [
            r#"{"amount":"seven","channel":"x"}"#,
            "[]",
            "null",
            "3",
            r#"{"channel":"x"}"#,
        ] {
            let id = opened(&app).await;
            append_raw(&app, id, 1, ("Deposited", 2), payload).await;
            let LoadError::Decode {
                source, version, ..
            } = load_error(&app, id).await
            else {
                panic!()
            };
            assert_eq!(version, Version::new(2));
            assert!(
                matches!(*source, DecodeError::Payload(_)),
                "{payload}: {source:?}"
            );
        }
        let id = opened(&app).await;
        append_raw(&app, id, 1, ("Deposited", 1), "[]").await;
        let LoadError::Decode { source, .. } = load_error(&app, id).await else {
            panic!()
        };
        assert_eq!(source.to_string(), "upcasting it from version 1 failed");
    })
    .await;
}

#[tokio::test]
async fn a_history_that_does_not_begin_with_a_creation_is_refused() {
    on_every_store(async |app| {
        let id = Id::<Account>::new();
        append_raw(&app, id, 0, ("Withdrawn", 1), r#"{"amount":7}"#).await;
        let error = load_error(&app, id).await;
        assert_eq!(
            error.to_string(),
            format!("Account {id} has a broken history")
        );
        let LoadError::History { source, .. } = error else {
            panic!("{error:?}")
        };
        let text = "a history of Account begins at version 1 with `Withdrawn`, which creates none";
        assert_eq!(source.to_string(), text);
        let error = app.send(Deposit { id, amount: 1 }).await.unwrap_err();
        assert!(
            matches!(error, SendError::Load(LoadError::History { .. })),
            "{error:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_id_of_another_type_is_refused() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let loan = Id::<Loan>::from_uuid(id.as_uuid());
        let text = format!("Loan {id} cannot be used: the id belongs to the type Account");
        assert_eq!(app.load(loan).await.unwrap_err().to_string(), text);
        assert_eq!(
            app.send(Start { id: loan }).await.unwrap_err().to_string(),
            text
        );
        assert_eq!(app.history(loan).await.unwrap_err().to_string(), text);
    })
    .await;
}
