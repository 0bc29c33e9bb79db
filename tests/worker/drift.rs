//! A table that is not the model's is told before an event is applied.

use intent_runtime::prelude::*;

use super::{
    domain::*,
    fixture::{failing, on_every_store},
};

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "balance", created_by(Opened), events(Paid => (), Named => (), Moved => ()), removed_by(Closed))]
struct Other {
    #[key]
    account: Id<Account>,
    #[on(Opened = 1)]
    branch: i64,
}

#[tokio::test]
async fn a_changed_column_without_a_new_version_is_told() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
        let other = Domain::of::<Account>().read_model::<Other>();
        let other = App::on(&app, other).await.unwrap();
        let workers = other.start().await.unwrap();
        let reason = failing(&workers).await;
        assert!(
            reason.contains("the column `branch` of ") && reason.contains("is of the type"),
            "{reason}"
        );
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// The same version with one more column, as a program has it that starts no workers.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "balance", created_by(Opened), events(Paid => (), Named => (), Moved => ()), removed_by(Closed))]
struct Wider {
    #[key]
    account: Id<Account>,
    #[on(Opened = |e| e.branch.clone())]
    owner: String,
}

#[tokio::test]
async fn a_column_that_is_not_there_is_never_read() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
        let wider = Domain::of::<Account>().read_model::<Wider>();
        let wider = App::on(&app, wider).await.unwrap();
        let read = wider.read::<Wider>().get(id).await;
        assert!(read.is_err(), "{read:?}");
        let rows = wider.read::<Wider>();
        let read = rows.list().filter("owner", "owner").await;
        assert!(read.is_err(), "{read:?}");
    })
    .await;
}
