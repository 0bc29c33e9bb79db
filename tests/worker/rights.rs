//! On Postgres, which roles may keep rows and which may read them.

use intent_runtime::{PgStore, prelude::*};

use super::domain::*;
use crate::store::postgres::roles::Roles;

async fn app(roles: &Roles, role: &str) -> App {
    let store: PgStore = roles.open(role).await.unwrap();
    App::on(store, domain()).await.unwrap()
}

#[tokio::test]
async fn a_worker_needs_no_more_than_its_grants() {
    let roles = Roles::new().await;
    let as_app = app(&roles, &roles.app).await;
    let refused = as_app.start().await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Forbidden { .. }),
        "{refused:?}"
    );

    let grant = format!("SELECT intent.grant_worker('{}')", roles.reader);
    roles.run(&grant).await;
    let as_worker = app(&roles, &roles.reader).await;
    let workers = as_worker.start().await.unwrap();
    let id = opened(&as_app, "north").await;
    let receipt = pay(&as_app, id, 5).await;
    as_worker.wait_for::<Balance>(&receipt, LONG).await.unwrap();
    assert_eq!(
        as_worker
            .read::<Balance>()
            .get(id)
            .await
            .unwrap()
            .unwrap()
            .cents,
        5
    );

    // Another role reads the rows once it may.
    let read = as_app.read::<Balance>().get(id).await;
    assert!(read.is_err(), "{read:?}");
    roles.run(&format!("GRANT USAGE ON SCHEMA intent_read TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA intent_read TO {0}", roles.app)).await;
    as_app.wait_for::<Balance>(&receipt, LONG).await.unwrap();
    assert_eq!(
        as_app
            .read::<Balance>()
            .get(id)
            .await
            .unwrap()
            .unwrap()
            .cents,
        5
    );
    workers.stop(LONG).await.unwrap();
}
