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
