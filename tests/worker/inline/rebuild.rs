//! R4, R9: an inline model is rebuilt in place, while commands go on, and then every row is the one that the new rules make.

use std::collections::HashMap;

use intent_runtime::{BuildName, prelude::*};
use tokio::task::JoinSet;

use super::{
    super::{domain::LONG, fixture::on_every_store},
    domain::*,
};

#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "counts",
    mode = "inline",
    created_by(Registered, Returned),
    events(Addressed, Visited),
    removed_by(Left)
)]
struct Counts {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    email: String,
    #[on(Visited += |e| e.pages)]
    pages: i64,
}

/// The same version with other rules: pages count twice, and two customers change their addresses.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "counts",
    mode = "inline",
    created_by(Registered, Returned),
    events(Addressed, Visited),
    removed_by(Left)
)]
struct Doubled {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| swapped(&e.email), Returned = |e| swapped(&e.email), Addressed = |e| swapped(&e.email))]
    email: String,
    #[on(Visited += |e| 2 * e.pages)]
    pages: i64,
}

/// What the new rules make, by a worker.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "counts_again",
    created_by(Registered, Returned),
    events(Addressed, Visited),
    removed_by(Left)
)]
struct Again {
    #[key]
    customer: Id<Customer>,
    #[on(Registered = |e| swapped(&e.email), Returned = |e| swapped(&e.email), Addressed = |e| swapped(&e.email))]
    email: String,
    #[on(Visited += |e| 2 * e.pages)]
    pages: i64,
}

/// Another version, which has a table of its own.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "counts",
    version = 2,
    mode = "inline",
    created_by(Registered, Returned),
    events(Addressed, Visited),
    removed_by(Left)
)]
struct Second {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    email: String,
    #[on(Visited += |e| 2 * e.pages)]
    pages: i64,
}

/// The same version for customers that have returned only.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "counts",
    mode = "inline",
    created_by(Returned),
    events(Registered => (), Addressed, Visited),
    removed_by(Left)
)]
struct Returners {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Returned = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    email: String,
    #[on(Visited += |e| e.pages)]
    pages: i64,
}

/// The same version, in which one number of pages is too large.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "counts", mode = "inline", created_by(Registered, Returned), events(Addressed, Visited => Self::visited), removed_by(Left))]
struct Refusing {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    email: String,
    pages: i64,
}

impl Refusing {
    fn visited(&mut self, event: &intent_runtime::Emitted<Visited>) {
        assert_ne!(event.pages, 13, "nobody reads so many pages");
        self.pages += event.pages;
    }
}

fn swapped(email: &str) -> String {
    match email {
        "ada" => "bo".to_owned(),
        "bo" => "ada".to_owned(),
        other => other.to_owned(),
    }
}

fn before() -> Domain {
    Domain::of::<Customer>().read_model::<Counts>()
}

fn after() -> Domain {
    let domain = Domain::of::<Customer>().read_model::<Doubled>();
    domain.read_model::<Again>()
}

async fn visit(app: &App, id: Id<Customer>, pages: i64) {
    app.send(Visit { id, pages }).await.unwrap();
}

/// The rows of the model and those that a worker makes, each by its customer.
async fn rows(app: &App) -> [HashMap<Id<Customer>, (String, i64)>; 2] {
    let inline = app.read::<Doubled>().query("", ()).await.unwrap();
    let again = app.read::<Again>().query("", ()).await.unwrap();
    let inline = inline
        .into_iter()
        .map(|row| (row.customer, (row.email, row.pages)));
    let again = again
        .into_iter()
        .map(|row| (row.customer, (row.email, row.pages)));
    [inline.collect(), again.collect()]
}

#[tokio::test]
async fn changed_rules_are_applied_to_all_events_in_place() {
    on_every_store(before, async |app| {
        let mut customers = Vec::new();
        for email in ["ada", "bo", "cy", "di"] {
            let id = registered(&app, email).await;
            visit(&app, id, 3).await;
            customers.push(id);
        }
        app.send(Leave { id: customers[3] }).await.unwrap();
        let next = App::on(&app, after()).await.unwrap();
        let other = App::on(&app, after()).await.unwrap();
        // Both processes have rows of the earlier rules in memory.
        for app in [&next, &other] {
            visit(app, customers[2], 1).await;
        }
        let read = async |id| next.read::<Doubled>().get(id).await.unwrap().unwrap();
        assert_eq!(next.rebuild::<Doubled>().await.unwrap(), 2);
        assert_eq!(read(customers[0]).await.pages, 3, "nobody has begun");
        let workers = next.start().await.unwrap();
        next.settled(LONG).await.unwrap();
        let [inline, again] = rows(&next).await;
        assert_eq!(inline, again);
        assert_eq!(inline.len(), 3);
        assert_eq!(inline[&customers[0]], ("bo".to_owned(), 6));
        assert_eq!(inline[&customers[2]], ("cy".to_owned(), 10));

        // What was in memory before is of no use any more.
        visit(&next, customers[2], 1).await;
        assert_eq!(read(customers[2]).await.pages, 12);
        visit(&other, customers[2], 1).await;
        assert_eq!(read(customers[2]).await.pages, 14);
        let mut part = other.transaction().await.unwrap();
        let id = customers[0];
        part.send(Visit { id, pages: 1 }).await.unwrap();
        part.commit().await.unwrap();
        assert_eq!(read(customers[0]).await.pages, 8);

        // A second one begins before the first is done.
        assert_eq!(next.rebuild::<Doubled>().await.unwrap(), 3);
        assert_eq!(next.rebuild::<Doubled>().await.unwrap(), 4);
        next.send(ComeBack { id: customers[3] }).await.unwrap();
        next.settled(LONG).await.unwrap();
        let [inline, again] = rows(&next).await;
        assert_eq!(inline, again);
        assert_eq!(inline.len(), 4);
        let names: Vec<_> = workers.status().map(|(name, _)| name).collect();
        let is_fourth = |name: &BuildName| (&*name.model, name.build) == ("counts", 4);
        assert!(names.iter().any(is_fourth), "{names:?}");
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_row_that_no_event_leads_to_any_more_is_gone_after_a_rebuild() {
    on_every_store(before, async |app| {
        // The new rules make nothing of its events.
        let ada = registered(&app, "ada").await;
        let bo = registered(&app, "bo").await;
        visit(&app, bo, 1).await;
        let cy = registered(&app, "cy").await;
        app.send(Leave { id: cy }).await.unwrap();
        app.send(ComeBack { id: cy }).await.unwrap();
        let returners = Domain::of::<Customer>().read_model::<Returners>();
        let next = App::on(&app, returners).await.unwrap();
        next.rebuild::<Returners>().await.unwrap();
        let workers = next.start().await.unwrap();
        next.settled(LONG).await.unwrap();
        let there = next.read::<Returners>().query("", ()).await.unwrap();
        let there: Vec<_> = there.into_iter().map(|row| row.customer).collect();
        assert_eq!(there, [cy]);
        next.send(ComeBack { id: ada }).await.unwrap();
        visit(&next, ada, 2).await;
        let row = next.read::<Returners>().get(ada).await.unwrap().unwrap();
        assert_eq!((row.pages, &*row.email), (2, "ada"));
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_rebuild_names_the_event_that_it_cannot_apply_and_goes_on_without_it() {
    on_every_store(before, async |app| {
        let ada = registered(&app, "ada").await;
        visit(&app, ada, 1).await;
        let wrong = app.send(Visit { id: ada, pages: 13 }).await.unwrap();
        visit(&app, ada, 2).await;
        let there = app.tenant(TenantId::new());
        let cy = registered(&there, "cy").await;
        let wrong = app.history(ada).await.unwrap()[wrong.version.get() as usize - 1].id();
        let refusing = Domain::of::<Customer>().read_model::<Refusing>();
        let next = App::on(&app, refusing).await.unwrap();
        next.rebuild::<Refusing>().await.unwrap();
        let workers = next.start().await.unwrap();
        // The rows are to be seen as they were until the tenant goes on.
        while let Err(error) = next.skip::<Refusing>(wrong, "a mistake").await {
            assert!(
                matches!(error, OperateError::NotHeldBack { .. }),
                "{error:?}"
            );
            tokio::task::yield_now().await;
        }
        next.settled(LONG).await.unwrap();
        let row = next.read::<Refusing>().get(ada).await.unwrap().unwrap();
        assert_eq!(row.pages, 3);
        let there = next.tenant(there.id());
        assert!(there.read::<Refusing>().get(cy).await.unwrap().is_some());
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_those_of_the_new_rules_after_rebuilds_under_sixteen_writers() {
    on_every_store(before, async |app| {
        let mut customers = Vec::new();
        for index in 0..40 {
            let id = registered(&app, &format!("{index}@example.org")).await;
            app.send(Browse {
                id,
                visits: vec![1; 30],
            })
            .await
            .unwrap();
            customers.push(id);
        }
        let next = App::on(&app, after()).await.unwrap();
        let other = App::on(&app, after()).await.unwrap();
        let mut writing = JoinSet::new();
        for writer in 0..16 {
            // Two of each process write to one customer.
            let app = if writer % 2 == 0 { &next } else { &other }.clone();
            let id = customers[writer / 4];
            writing.spawn(async move {
                for turn in 0..60 {
                    match turn % 4 {
                        0 => {
                            let mut part = app.transaction().await.unwrap();
                            let sent = part.send(Visit { id, pages: turn }).await;
                            match sent {
                                Ok(_) => drop(part.commit().await),
                                Err(_) => part.rollback().await.unwrap(),
                            }
                        }
                        // It may meet so many others that it gives up.
                        _ => drop(app.send(Visit { id, pages: turn }).await),
                    }
                }
                registered(&app, &format!("{writer}@example.com")).await;
            });
        }
        for _ in 0..3 {
            next.rebuild::<Doubled>().await.unwrap();
            // Its workers are stopped on the way.
            let workers = next.start().await.unwrap();
            workers.stop(LONG).await.unwrap();
            let workers = next.start().await.unwrap();
            next.settled(LONG).await.unwrap();
            workers.stop(LONG).await.unwrap();
        }
        writing.join_all().await;
        let workers = next.start().await.unwrap();
        next.settled(LONG).await.unwrap();
        let [inline, again] = rows(&next).await;
        assert_eq!(inline, again);
        assert_eq!(inline.len(), 56);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn two_versions_of_an_inline_model_are_kept_side_by_side() {
    on_every_store(before, async |app| {
        let ada = registered(&app, "ada").await;
        let bo = registered(&app, "bo").await;
        for id in [ada, bo] {
            visit(&app, id, 1).await;
        }
        let second = Domain::of::<Customer>().read_model::<Second>();
        let next = App::on(&app, second).await.unwrap();
        visit(&next, ada, 2).await;
        let unbuilt = next.read::<Second>().get(ada).await;
        assert!(
            matches!(unbuilt, Err(ReadError::NotBuilt { .. })),
            "{unbuilt:?}"
        );
        let earlier = app.start().await.unwrap();
        let workers = next.start().await.unwrap();
        visit(&next, bo, 3).await;
        visit(&app, ada, 4).await;
        app.settled(LONG).await.unwrap();
        next.settled(LONG).await.unwrap();
        for (id, pages) in [(ada, 7), (bo, 4)] {
            let row = app.read::<Counts>().get(id).await.unwrap().unwrap();
            assert_eq!(row.pages, pages);
            let row = next.read::<Second>().get(id).await.unwrap().unwrap();
            assert_eq!(
                (row.pages, row.email.len()),
                (2 * pages, if id == ada { 3 } else { 2 })
            );
        }
        // A row of the new version is there with its command.
        visit(&next, bo, 1).await;
        let row = next.read::<Second>().get(bo).await.unwrap().unwrap();
        assert_eq!(row.pages, 10);
        earlier.stop(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
