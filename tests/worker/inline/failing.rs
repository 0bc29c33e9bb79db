//! A fold that fails refuses the command.

use intent_runtime::{prelude::*, read_model::RowError};

use super::{super::fixture::on_every_store, domain::*};

/// Why the row of a model could not be written.
fn why<E: std::error::Error>(error: SendError<E>) -> RowError {
    match error {
        SendError::Row {
            model: "names",
            source,
            ..
        } => *source,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_written_refuses_the_command() {
    on_every_store(domain, async |app| {
        let id = registered(&app, "ada@example.org").await;
        let rename = |name: &str| {
            app.send(Rename {
                id,
                name: name.into(),
            })
        };
        let panicked = why(rename("nobody").await.unwrap_err());
        assert!(
            matches!(&panicked, RowError::Panic(text) if text.contains("nobody has this name")),
            "{panicked:?}"
        );
        let moved = why(rename("moved").await.unwrap_err());
        assert!(matches!(moved, RowError::Key), "{moved:?}");
        let unfit = why(rename("with a \0").await.unwrap_err());
        assert!(
            matches!(&unfit, RowError::Value(unfit) if unfit.column == "name"),
            "{unfit:?}"
        );
        // Nothing is stored, and the row is as it was.
        assert_eq!(app.load(id).await.unwrap().version().get(), 1);
        assert_eq!(app.read::<Names>().get(id).await.unwrap(), None);
        app.send(Visit {
            id,
            pages: i64::MAX - 1,
        })
        .await
        .unwrap();
        rename("Ada").await.unwrap();
        assert_eq!(app.read::<Names>().get(id).await.unwrap().unwrap().times, 1);
    })
    .await;
}
