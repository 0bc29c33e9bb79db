//! An inline model that hears other events has another version.

use intent_runtime::{ConnectError, prelude::*};

use super::{super::fixture::on_every_store, domain::*};

/// The same table, made of names too.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "customers",
    mode = "inline",
    created_by(Registered, Returned),
    events(Addressed => (), Visited, Renamed => ()),
    removed_by(Left)
)]
struct Named {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone())]
    email: String,
    #[on(Visited += |e| e.pages)]
    pages: i64,
    #[index]
    last: Option<u64>,
    visited_at: Option<Timestamp>,
    visited_by: Option<String>,
    visits: Json<Vec<EventId>>,
}

/// The same table without visits.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "customers",
    mode = "inline",
    created_by(Registered, Returned),
    events(Addressed => ()),
    removed_by(Left)
)]
struct Fewer {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone())]
    email: String,
    pages: i64,
    #[index]
    last: Option<u64>,
    visited_at: Option<Timestamp>,
    visited_by: Option<String>,
    visits: Json<Vec<EventId>>,
}

async fn refused(app: &App, domain: Domain) -> String {
    match App::on(app, domain).await {
        Err(
            error @ ConnectError::Rows {
                model: "customers", ..
            },
        ) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn more_events_or_fewer_need_a_new_version() {
    on_every_store(domain, async |app| {
        registered(&app, "ada@example.org").await;
        let more = Domain::of::<Customer>().read_model::<Named>();
        let text = refused(&app, more).await;
        assert!(
            text.contains("`Customer/Renamed`") && text.contains("needs a new version"),
            "{text}"
        );
        let fewer = Domain::of::<Customer>().read_model::<Fewer>();
        let text = refused(&app, fewer).await;
        assert!(
            text.contains("`Customer/Visited`") && text.contains("give it a new version"),
            "{text}"
        );
        // The build that was there goes on.
        let again = App::on(&app, domain()).await.unwrap();
        registered(&again, "bo@example.org").await;
    })
    .await;
}
