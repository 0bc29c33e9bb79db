//! R2: while two builds run, no event is passed that only one of them knows.

use intent_runtime::prelude::*;

use super::{
    domain::*,
    fixture::{failing, on_every_store},
};

/// The model of an earlier build, which did not hear of names.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "people", created_by(Opened), events(Paid))]
struct Earlier {
    #[key]
    account: Id<Account>,
    #[on(Paid += 1)]
    payments: i64,
    name: Option<String>,
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "people", created_by(Opened), events(Paid, Named))]
struct Later {
    #[key]
    account: Id<Account>,
    #[on(Paid += 1)]
    payments: i64,
    #[on(Named = |e| Some(e.name.clone()))]
    name: Option<String>,
}

fn earlier() -> Domain {
    Domain::of::<Account>().read_model::<Earlier>()
}

async fn later(app: &App) -> App {
    let domain = Domain::of::<Account>().read_model::<Later>();
    App::on(app, domain).await.unwrap()
}

#[tokio::test]
async fn an_earlier_build_leaves_the_rows_to_one_that_hears_more() {
    on_every_store(earlier, async |app| {
        let older = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 1).await;
        app.settled(LONG).await.unwrap();

        // The earlier build has the lease, and would pass the name.
        let next = later(&app).await;
        let newer = next.start().await.unwrap();
        let name = "Ada".to_owned();
        let receipt = next.send(Rename { id, name }).await.unwrap();
        next.wait_for::<Later>(&receipt, LONG).await.unwrap();
        let reason = failing(&older).await;
        assert!(
            reason.contains("`Account/Named`, which this build does not hear"),
            "{reason}"
        );
        newer.stop(LONG).await.unwrap();

        // Not even alone does it go on.
        let name = "Eve".to_owned();
        let receipt = next.send(Rename { id, name }).await.unwrap();
        let newer = next.start().await.unwrap();
        next.wait_for::<Later>(&receipt, LONG).await.unwrap();
        let row = next.read::<Later>().get(id).await.unwrap().unwrap();
        assert_eq!((row.payments, row.name.as_deref()), (1, Some("Eve")));
        newer.stop(LONG).await.unwrap();
        older.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_event_that_was_passed_is_told() {
    on_every_store(earlier, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        let name = "Ada".to_owned();
        app.send(Rename { id, name }).await.unwrap();
        pay(&app, id, 1).await;
        app.settled(LONG).await.unwrap();

        let newer = later(&app).await.start().await.unwrap();
        let reason = failing(&newer).await;
        assert!(
            reason.contains("lack events such as `Account/Named`"),
            "{reason}"
        );
        newer.stop(LONG).await.unwrap();
        // The earlier build goes on.
        let receipt = pay(&app, id, 1).await;
        app.wait_for::<Earlier>(&receipt, LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// The domain of a newer build: payments in another version.
mod newer {
    use super::*;

    #[derive(Aggregate, Debug, Clone)]
    #[aggregate(name = "Account", created_by(Opened), events(Paid => ()))]
    pub struct Account {
        #[id]
        id: Id<Account>,
    }

    #[event]
    pub struct Opened {
        pub branch: String,
    }
    #[event(version = 2)]
    pub struct Paid {
        pub amount: i64,
        #[since(2, default = "cash".into())]
        pub how: String,
    }

    #[commands]
    impl Account {
        #[handle]
        pub fn pay(&self, amount: i64, how: String) -> Paid {
            Paid { amount, how }
        }
    }

    #[derive(ReadModel, Debug, Clone)]
    #[read_model(table = "people", created_by(Opened), events(Paid))]
    pub struct Later {
        #[key]
        pub account: Id<Account>,
        #[on(Paid += 1)]
        pub payments: i64,
        pub name: Option<String>,
    }
}

#[tokio::test]
async fn an_event_of_a_newer_build_is_left_to_that_build() {
    on_every_store(earlier, async |app| {
        let older = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 1).await;
        app.settled(LONG).await.unwrap();

        let domain = Domain::of::<newer::Account>().read_model::<newer::Later>();
        let next = App::on(&app, domain).await.unwrap();
        let id = Id::from_uuid(id.as_uuid());
        let how = "card".to_owned();
        let receipt = next.send(newer::Pay { id, amount: 2, how }).await.unwrap();
        let reason = failing(&older).await;
        assert!(reason.contains("it was written in version 2"), "{reason}");
        let (_, status) = older.status().next().unwrap();
        assert_eq!(status.parked, 0, "it holds no tenant back");

        let newer = next.start().await.unwrap();
        next.wait_for::<newer::Later>(&receipt, LONG).await.unwrap();
        let row = next.read::<newer::Later>().get(id).await.unwrap().unwrap();
        assert_eq!(row.payments, 2);
        newer.stop(LONG).await.unwrap();
        older.stop(LONG).await.unwrap();
    })
    .await;
}
