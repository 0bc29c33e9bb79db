//! If several values are taken, the refusal names the first one, on every store.

use intent_runtime::{SendError, prelude::*};

use super::super::fixture::on_every_store;

#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Issued), events(Changed => ()))]
struct Badge {
    #[id]
    id: Id<Badge>,
}

#[event]
struct Issued {
    code: String,
    holder: String,
}
#[event]
struct Changed {
    code: String,
    holder: String,
}

#[commands]
impl Badge {
    #[create]
    fn issue(code: String, holder: String) -> Issued {
        Issued { code, holder }
    }
    #[handle]
    fn change(&self, code: String, holder: String) -> Changed {
        Changed { code, holder }
    }
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "badges", mode = "inline", created_by(Issued), events(Changed))]
struct Badges {
    #[key]
    badge: Id<Badge>,
    #[unique]
    #[on(Issued = |e| e.code.clone(), Changed = |e| e.code.clone())]
    code: String,
    #[unique]
    #[on(Issued = |e| e.holder.clone(), Changed = |e| e.holder.clone())]
    holder: String,
}

/// The codes once more, in a table whose name is the first.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "a_codes",
    mode = "inline",
    created_by(Issued),
    events(Changed)
)]
struct Codes {
    #[key]
    badge: Id<Badge>,
    #[unique]
    #[on(Issued = |e| e.code.clone(), Changed = |e| e.code.clone())]
    code: String,
}

fn one_table() -> Domain {
    Domain::of::<Badge>().read_model::<Badges>()
}

/// Registered in the other order than that of the names.
fn two_tables() -> Domain {
    one_table().read_model::<Codes>()
}

fn badge(code: &str, holder: &str) -> Issue {
    let (code, holder) = (code.to_owned(), holder.to_owned());
    let id = Id::new();
    Issue { id, code, holder }
}

macro_rules! assert_taken {
    ($sent:expr, $expected:expr) => {
        match $sent.await {
            Err(SendError::Taken { model, field }) => assert_eq!((model, field), $expected),
            other => panic!("{other:?}"),
        }
    };
}

#[tokio::test]
async fn the_first_column_that_is_taken_is_named() {
    on_every_store(one_table, async |app| {
        app.send(badge("1", "ada")).await.unwrap();
        app.send(badge("2", "bo")).await.unwrap();
        let expected = [
            ("1", "bo", "code"),
            ("2", "ada", "code"),
            ("3", "bo", "holder"),
        ];
        for (code, holder, field) in expected {
            assert_taken!(app.send(badge(code, holder)), ("badges", field));
            let mut part = app.transaction().await.unwrap();
            assert_taken!(part.send(badge(code, holder)), ("badges", field));
            part.rollback().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn the_first_table_by_name_is_named() {
    on_every_store(two_tables, async |app| {
        app.send(badge("1", "ada")).await.unwrap();
        let later = Id::new();
        let issued = Issue {
            id: later,
            ..badge("2", "bo")
        };
        app.send(issued).await.unwrap();
        for (code, holder, expected) in [
            ("1", "ada", ("a_codes", "code")),
            ("1", "cy", ("a_codes", "code")),
            ("3", "ada", ("badges", "holder")),
        ] {
            assert_taken!(app.send(badge(code, holder)), expected);
            let (code, holder) = (code.to_owned(), holder.to_owned());
            let change = Change {
                id: later,
                code,
                holder,
            };
            assert_taken!(app.send(change), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_row_gives_up_in_a_transaction_hides_no_other_value() {
    on_every_store(one_table, async |app| {
        let ada = Id::new();
        let issued = Issue {
            id: ada,
            ..badge("1", "ada")
        };
        app.send(issued).await.unwrap();
        app.send(badge("2", "bo")).await.unwrap();
        let mut part = app.transaction().await.unwrap();
        let (code, holder) = ("3".to_owned(), "countess".to_owned());
        let id = ada;
        part.send(Change { id, code, holder }).await.unwrap();
        assert_taken!(part.send(badge("1", "bo")), ("badges", "holder"));
        part.send(badge("1", "ada")).await.unwrap();
        part.commit().await.unwrap();
        let rows = app.read::<Badges>().query("order by code", ()).await;
        let rows = rows.unwrap().into_iter().map(|row| (row.code, row.holder));
        let expected = [("1", "ada"), ("2", "bo"), ("3", "countess")];
        let expected = expected.map(|(code, holder)| (code.to_owned(), holder.to_owned()));
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    })
    .await;
}
