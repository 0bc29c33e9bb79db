//! What people meet first.

use intent_runtime::prelude::*;
use tracing::instrument::WithSubscriber as _;

use super::{domain::*, fixture::on_every_store};
use crate::warnings::Warnings;

#[tokio::test]
async fn a_wait_takes_the_end_of_the_log() {
    on_every_store(domain, async |app| {
        assert_eq!(app.log_end().await.unwrap(), Cursor::START);
        let workers = app.start().await.unwrap();
        let other = app.tenant(TenantId::new());
        let id = opened(&app, "north").await;
        let receipt = pay(&app, id, 5).await;
        opened(&other, "south").await;
        // The tenant's log ends before that of all.
        let tenant = app.tenant(app.id());
        assert_eq!(Some(tenant.log_end().await.unwrap()), receipt.cursor);
        let end = app.log_end().await.unwrap();
        assert!(end.compare(receipt.cursor.unwrap()).unwrap().is_gt());
        app.wait_for::<Balance>(end, LONG).await.unwrap();
        let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
        assert_eq!(row.cents, 5);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn workers_that_are_dropped_say_so() {
    let warnings = Warnings::default();
    async {
        let app = App::connect("memory:", domain()).await.unwrap();
        let workers = app.start().await.unwrap();
        workers.stop(LONG).await.unwrap();
        assert_eq!(warnings.taken(), [""; 0]);
        drop(app.start().await.unwrap());
        let taken = warnings.taken();
        assert!(
            taken[0].contains("were dropped, and end at once"),
            "{taken:?}"
        );
    }
    .with_subscriber(warnings.clone())
    .await;
}

#[tokio::test]
async fn conditions_without_where_are_told_how_to_begin() {
    let app = App::connect("memory:", domain()).await.unwrap();
    let refused = app.read::<Balance>().query("cents > $1", (1,)).await;
    let text = refused.unwrap_err().to_string();
    assert!(
        text.ends_with("at its start: conditions begin with `where`, as in `where balance > $1`"),
        "{text}"
    );
}
