//! Rows that an append did not carry are mended by a worker, or by the next command.

use intent_runtime::prelude::*;

use super::{
    super::{domain::LONG, fixture::on_every_store},
    domain::*,
};

#[tokio::test]
async fn the_next_command_mends_its_row() {
    on_every_store(domain, async |app| {
        let older = App::on(&app, without_models()).await.unwrap();
        let id = registered(&app, "ada@example.org").await;
        older.send(Visit { id, pages: 3 }).await.unwrap();
        // Nobody else knows of it.
        assert_eq!(listed(&app, id).await.unwrap().pages, 0);
        app.send(Visit { id, pages: 4 }).await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 7);
    })
    .await;
}

#[tokio::test]
async fn a_worker_mends_what_an_older_build_left() {
    on_every_store(domain, async |app| {
        let older = App::on(&app, without_models()).await.unwrap();
        let id = registered(&app, "ada@example.org").await;
        older.send(Visit { id, pages: 3 }).await.unwrap();
        let new = registered(&older, "bo@example.org").await;
        let last = older.send(Visit { id: new, pages: 5 }).await.unwrap();
        let workers = app.start().await.unwrap();
        app.wait_for::<Listed>(&last, LONG).await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 3);
        assert_eq!(listed(&app, new).await.unwrap().pages, 5);
        // What is there already is not applied again.
        app.send(Visit { id, pages: 4 }).await.unwrap();
        older.send(Leave { id: new }).await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 7);
        assert_eq!(listed(&app, new).await, None);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_model_that_is_new_to_a_log_is_read_when_it_was_built() {
    on_every_store(without_models, async |older| {
        let id = registered(&older, "ada@example.org").await;
        older.send(Visit { id, pages: 3 }).await.unwrap();
        let app = App::on(&older, domain()).await.unwrap();
        app.send(Visit { id, pages: 4 }).await.unwrap();
        let unbuilt = app.read::<Listed>().get(id).await;
        assert!(
            matches!(unbuilt, Err(ReadError::NotBuilt { .. })),
            "{unbuilt:?}"
        );
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 7);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
