//! A row is there when its command is answered, and goes with its events.

use intent_runtime::{Actor, prelude::*};
use sqlx::Connection as _;

use super::{super::fixture::on_every_store, domain::*};

#[tokio::test]
async fn a_row_is_there_when_its_command_is_answered() {
    on_every_store(domain, async |app| {
        let id = registered(&app, "ada@example.org").await;
        let row = listed(&app, id).await.unwrap();
        assert_eq!((row.email.as_str(), row.pages), ("ada@example.org", 0));

        let ada = app.acting(Actor::new("ada"));
        ada.send(Browse {
            id,
            visits: vec![3, 4],
        })
        .await
        .unwrap();
        let row = listed(&app, id).await.unwrap();
        let history = app.history(id).await.unwrap();
        assert_eq!((row.pages, row.last), (7, Some(3)));
        assert_eq!(row.visited_at, Some(history[2].occurred_at()));
        assert_eq!(row.visited_by.as_deref(), Some("ada"));
        assert_eq!(*row.visits, [history[1].id(), history[2].id()]);
        let found = app
            .read::<Listed>()
            .query("where pages > $1", (5,))
            .await
            .unwrap();
        assert_eq!(found, [row]);
    })
    .await;
}

#[tokio::test]
async fn a_removed_row_is_not_seen_and_begins_anew() {
    on_every_store(domain, async |app| {
        let id = registered(&app, "ada@example.org").await;
        app.send(Visit { id, pages: 3 }).await.unwrap();
        app.send(Leave { id }).await.unwrap();
        assert_eq!(listed(&app, id).await, None);
        assert_eq!(app.read::<Listed>().query("", ()).await.unwrap(), []);
        // There is nothing to change.
        app.send(Visit { id, pages: 5 }).await.unwrap();
        assert_eq!(listed(&app, id).await, None);
        app.send(ComeBack { id }).await.unwrap();
        app.send(Visit { id, pages: 7 }).await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 7);
    })
    .await;
}

#[tokio::test]
async fn rows_are_made_without_the_cache_and_of_events_that_no_row_hears() {
    on_every_store(domain, async |app| {
        let cold = App::on(&app, domain()).cache_bytes(0).await.unwrap();
        let id = registered(&cold, "ada@example.org").await;
        for turn in 0..5 {
            let name = format!("Ada {turn}");
            cold.send(Rename { id, name }).await.unwrap();
            cold.send(Visit { id, pages: turn }).await.unwrap();
        }
        assert_eq!(listed(&app, id).await.unwrap().pages, 10);
        let names = app.read::<Names>().get(id).await.unwrap().unwrap();
        assert_eq!((names.times, names.name.as_deref()), (5, Some("Ada 4")));
    })
    .await;
}

#[tokio::test]
async fn commands_of_several_processes_agree_on_the_row() {
    on_every_store(domain, async |app| {
        // Each has a cache of its own, and so rows that are out of date.
        let other = App::on(&app, domain()).await.unwrap();
        let id = registered(&app, "ada@example.org").await;
        for pages in 1..=10 {
            let app = if pages % 2 == 0 { &app } else { &other };
            app.send(Visit { id, pages }).await.unwrap();
            assert_eq!(listed(app, id).await.unwrap().last, Some(pages as u64 + 1));
        }
        assert_eq!(listed(&app, id).await.unwrap().pages, 55);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_has_its_rows_or_none() {
    on_every_store(domain, async |app| {
        let id = registered(&app, "ada@example.org").await;
        let mut left = app.transaction().await.unwrap();
        left.send(Visit { id, pages: 3 }).await.unwrap();
        left.send(Visit { id, pages: 4 }).await.unwrap();
        left.rollback().await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 0);

        let mut kept = app.transaction().await.unwrap();
        kept.send(Visit { id, pages: 3 }).await.unwrap();
        let new = Id::new();
        let email = "bo@example.org".to_owned();
        kept.send(Register {
            id: new,
            email: email.clone(),
        })
        .await
        .unwrap();
        kept.send(Visit { id, pages: 4 }).await.unwrap();
        let taken = kept
            .send(Address {
                id,
                email: email.clone(),
            })
            .await;
        assert!(matches!(taken, Err(SendError::Taken { .. })), "{taken:?}");
        kept.send(Leave { id: new }).await.unwrap();
        kept.send(Address { id, email }).await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 0);
        kept.commit().await.unwrap();
        let row = listed(&app, id).await.unwrap();
        assert_eq!((row.pages, row.email.as_str()), (7, "bo@example.org"));
        assert_eq!(listed(&app, new).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_of_the_users_has_its_rows_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    let app = App::connect(&format!("sqlite:{}", file.display()), domain())
        .await
        .unwrap();
    let id = registered(&app, "ada@example.org").await;
    let mut users = sqlx::SqliteConnection::connect(&file.display().to_string())
        .await
        .unwrap();
    for (pages, commit) in [(3, false), (4, true)] {
        let mut part = users.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let visit = Visit { id, pages };
        app.send_in(&mut part, visit, SendOptions::new())
            .await
            .unwrap();
        match commit {
            true => part.commit().await.unwrap(),
            false => part.rollback().await.unwrap(),
        }
    }
    assert_eq!(listed(&app, id).await.unwrap().pages, 4);

    let database = intent_tests::postgres::TempDatabase::new().await;
    let app = App::connect(&database.url(), domain()).await.unwrap();
    let id = registered(&app, "ada@example.org").await;
    let mut users = sqlx::PgConnection::connect(&database.url()).await.unwrap();
    for (pages, commit) in [(3, false), (4, true)] {
        let mut part = users.begin().await.unwrap();
        let visit = Visit { id, pages };
        app.send_in(&mut part, visit, SendOptions::new())
            .await
            .unwrap();
        match commit {
            true => part.commit().await.unwrap(),
            false => part.rollback().await.unwrap(),
        }
    }
    assert_eq!(listed(&app, id).await.unwrap().pages, 4);
}
