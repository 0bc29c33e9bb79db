//! On Postgres, commands write rows as a role that the policies of the tables bind.

use intent_runtime::{ConnectError, PgStore, prelude::*};

use super::domain::*;
use crate::store::postgres::roles::Roles;

async fn app(roles: &Roles, role: &str) -> Result<App, ConnectError> {
    let store: PgStore = roles.open(role).await.unwrap();
    App::on(store, domain()).await
}

#[tokio::test]
async fn a_role_that_sends_commands_needs_the_rights_of_a_worker() {
    let roles = Roles::new().await;
    let refused = app(&roles, &roles.app).await.unwrap_err();
    let forbidden = matches!(&refused, ConnectError::Store(StoreError::Forbidden { .. }));
    assert!(forbidden, "{refused:?}");

    let grant = format!("SELECT intent.grant_worker('{}')", roles.app);
    roles.run(&grant).await;
    let app = app(&roles, &roles.app).await.unwrap();
    // Each append writes to two tables, each of which is guarded by the name of its model.
    for turn in 0..5 {
        let id = registered(&app, &format!("{turn}@example.org")).await;
        let name = format!("Ada {turn}");
        app.send(Rename { id, name }).await.unwrap();
        app.send(Browse {
            id,
            visits: vec![3, 4],
        })
        .await
        .unwrap();
        let mut begun = app.transaction().await.unwrap();
        begun.send(Visit { id, pages: 5 }).await.unwrap();
        begun.commit().await.unwrap();
        assert_eq!(listed(&app, id).await.unwrap().pages, 12);
        let row = app.read::<Names>().get(id).await.unwrap().unwrap();
        assert_eq!(row.times, 1);
    }
}
