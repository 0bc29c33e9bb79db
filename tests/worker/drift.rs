//! A table that is not the model's is told before an event is applied.

use intent_runtime::prelude::*;

use super::{domain::*, fixture::on_every_store};

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "balance", created_by(Opened), events())]
struct Other {
    #[key]
    account: Id<Account>,
    #[on(Opened = 1)]
    branch: i64,
}

#[tokio::test]
async fn a_changed_column_without_a_new_version_is_told() {
    on_every_store(domain, async |app| {
        app.start().await.unwrap().stop(LONG).await.unwrap();
        let other = Domain::of::<Account>().read_model::<Other>();
        let other = App::on(&app, other).await.unwrap();
        let drift = other.start().await.unwrap_err();
        let StoreError::TableDrift { table, what, .. } = &drift else {
            panic!("{drift:?}");
        };
        assert!(table.contains("balance__1"), "{table}");
        assert!(what.contains("`branch` is of the type"), "{what}");
    })
    .await;
}
