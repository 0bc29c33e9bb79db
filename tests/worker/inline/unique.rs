//! No two rows of a tenant have the same value in a unique field: the command that breaks it is refused, and no other.

use intent_runtime::{CommandId, SendError, prelude::*};
use tokio::task::JoinSet;

use super::{super::fixture::on_every_store, domain::*};

fn is_taken<E: std::error::Error>(error: &SendError<E>) -> bool {
    let expected = ("customers", "email");
    matches!(error, SendError::Taken { model, field } if (*model, *field) == expected)
}

#[tokio::test]
async fn a_value_that_is_taken_refuses_the_command() {
    on_every_store(domain, async |app| {
        let ada = registered(&app, "ada@example.org").await;
        let bo = registered(&app, "bo@example.org").await;
        let (id, email) = (Id::new(), "ada@example.org".to_owned());
        let again = app
            .send(Register {
                id,
                email: email.clone(),
            })
            .await;
        assert!(is_taken(&again.unwrap_err()));
        let missing = app.load(id).await;
        assert!(
            matches!(missing, Err(LoadError::NotFound { .. })),
            "{missing:?}"
        );
        let moved = app
            .send(Address {
                id: bo,
                email: email.clone(),
            })
            .await
            .unwrap_err();
        assert_eq!(
            moved.to_string(),
            "the `email` is taken: another row of `customers` has the same"
        );
        assert_eq!(app.load(bo).await.unwrap().version().get(), 1);
        assert_eq!(listed(&app, bo).await.unwrap().email, "bo@example.org");

        // Its own value is free for it, and so is one that was given up.
        app.send(Address {
            id: ada,
            email: email.clone(),
        })
        .await
        .unwrap();
        app.send(Address {
            id: ada,
            email: "countess@example.org".into(),
        })
        .await
        .unwrap();
        app.send(Address {
            id: bo,
            email: email.clone(),
        })
        .await
        .unwrap();
        app.send(Leave { id: bo }).await.unwrap();
        app.send(Address {
            id: ada,
            email: email.clone(),
        })
        .await
        .unwrap();
        let returned = app.send(ComeBack { id: bo }).await;
        assert!(is_taken(&returned.unwrap_err()));

        // Another tenant has values of its own.
        let other = app.tenant(TenantId::new());
        registered(&other, &email).await;
    })
    .await;
}

#[tokio::test]
async fn rows_without_a_value_take_none() {
    on_every_store(domain, async |app| {
        for email in ["ada@example.org", "bo@example.org"] {
            let id = registered(&app, email).await;
            app.send(Rename {
                id,
                name: String::new(),
            })
            .await
            .unwrap();
        }
        let id = registered(&app, "cy@example.org").await;
        app.send(Rename {
            id,
            name: "Cy".into(),
        })
        .await
        .unwrap();
        let id = registered(&app, "di@example.org").await;
        let taken = app
            .send(Rename {
                id,
                name: "Cy".into(),
            })
            .await
            .unwrap_err();
        assert!(
            matches!(
                taken,
                SendError::Taken {
                    model: "names",
                    field: "name"
                }
            ),
            "{taken:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_command_that_is_sent_again_has_its_receipt_although_its_value_is_taken_by_now() {
    on_every_store(domain, async |app| {
        let ada = registered(&app, "ada@example.org").await;
        let id = CommandId::new();
        let address = || Address {
            id: ada,
            email: "x@example.org".into(),
        };
        let options = || SendOptions::new().command_id(id);
        let first = app.send_with(address(), options()).await.unwrap();
        app.send(Address {
            id: ada,
            email: "y@example.org".into(),
        })
        .await
        .unwrap();
        registered(&app, "x@example.org").await;
        let again = app.send_with(address(), options()).await.unwrap();
        assert_eq!(again.version, first.version);
        assert_eq!(listed(&app, ada).await.unwrap().email, "y@example.org");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_commands_that_race_for_one_value_exactly_one_wins() {
    on_every_store(domain, async |app| {
        let other = App::on(&app, domain()).await.unwrap();
        for round in 0..10 {
            let mut racing = JoinSet::new();
            for racer in 0..16 {
                let app = if racer % 2 == 0 {
                    app.clone()
                } else {
                    other.clone()
                };
                // Half of them want the same, all at once and so in one batch.
                let wanted = if racer < 8 { 0 } else { racer };
                let email = format!("{round}-{wanted}@example.org");
                racing.spawn(async move {
                    (
                        wanted,
                        app.send(Register {
                            id: Id::new(),
                            email,
                        })
                        .await,
                    )
                });
            }
            let mut won = 0;
            for (wanted, sent) in racing.join_all().await {
                match sent {
                    Ok(_) if wanted == 0 => won += 1,
                    Ok(_) => {}
                    Err(error) => assert!(wanted == 0 && is_taken(&error), "{wanted}: {error:?}"),
                }
            }
            assert_eq!(won, 1);
        }
        let rows = app.read::<Listed>().query("", ()).await.unwrap();
        assert_eq!(rows.len(), 90);
    })
    .await;
}
