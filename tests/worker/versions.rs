//! A new version is built beside the old one.

use intent_runtime::{ReadError, prelude::*};

use super::{domain::*, fixture::on_every_store};

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "balance", version = 2, created_by(Opened), events(Paid))]
struct Doubled {
    #[key]
    account: Id<Account>,
    #[on(Paid += |e| 2 * e.amount)]
    cents: i64,
}

#[tokio::test]
async fn each_version_has_rows_of_its_own() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 5).await;
        app.settled(LONG).await.unwrap();

        let next = Domain::of::<Account>().read_model::<Doubled>();
        let next = App::on(&app, next).await.unwrap();
        let unbuilt = next.read::<Doubled>().get(id).await;
        assert!(
            matches!(unbuilt, Err(ReadError::NotBuilt { .. })),
            "{unbuilt:?}"
        );
        let newer = next.start().await.unwrap();
        pay(&app, id, 1).await;
        next.settled(LONG).await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(
            next.read::<Doubled>().get(id).await.unwrap().unwrap().cents,
            12
        );
        assert_eq!(
            app.read::<Balance>().get(id).await.unwrap().unwrap().cents,
            6
        );
        workers.stop(LONG).await.unwrap();
        newer.stop(LONG).await.unwrap();
    })
    .await;
}
