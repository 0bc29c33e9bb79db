//! Chapter "Stores".

use intent_runtime::{App, SqliteStore, prelude::*};

use super::commands::{Account, Deposit, Open};

#[tokio::test]
async fn on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let id = Id::<Account>::new();

    // ANCHOR: connect
    let app = App::connect(&url)
        .await
        .unwrap()
        .register::<Account>()
        .unwrap();
    // ANCHOR_END: connect
    app.send(Open {
        id,
        owner: "Ada".into(),
    })
    .await
    .unwrap();
    app.send(Deposit { id, amount: 5 }).await.unwrap();

    // ANCHOR: temporal
    let now = app.load(id).await.unwrap();
    let first = app.load_at(id, Version::FIRST).await.unwrap();
    let history = app.history(id).await.unwrap();
    let then = AsOf::Recorded(history[1].recorded_at);
    assert_eq!(app.load_as_of(id, then).await.unwrap(), now);
    // ANCHOR_END: temporal
    assert_eq!(first.version, Version::FIRST);

    // ANCHOR: tenant
    let branch = app.tenant(TenantId::from_name("eindhoven"));
    branch
        .send(Open {
            id,
            owner: "Bo".into(),
        })
        .await
        .unwrap();
    assert_eq!(branch.load(id).await.unwrap().version, Version::FIRST);
    assert_eq!(app.load(id).await.unwrap(), now);
    // ANCHOR_END: tenant
    app.close().await.unwrap();

    // ANCHOR: pool
    let store = SqliteStore::connect(&url).await.unwrap();
    let events: i64 = sqlx::query_scalar("select count(*) from intent_events")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(events, 3);
    // ANCHOR_END: pool

    // ANCHOR: list
    let accounts: Vec<String> = sqlx::query_scalar(
        "select hex(aggregate_id) from intent_events
         where tenant_id = ? and aggregate_type = 'Account' and version = 1",
    )
    .bind(TenantId::DEFAULT.as_uuid().as_bytes().as_slice())
    .fetch_all(store.pool())
    .await
    .unwrap();
    let account: Id<Account> = accounts[0].parse().unwrap();
    // ANCHOR_END: list
    assert_eq!((accounts.len(), account), (1, id));

    let app = App::new(store).register::<Account>().unwrap();
    assert_eq!(app.load(id).await.unwrap(), now);
}
