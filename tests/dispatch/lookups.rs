//! Looking things up through an app: on a tenant within that tenant, and on the app itself in the log of all tenants.

use intent_runtime::prelude::*;
use uuid::Uuid;

use super::{domain::*, fixture::on_every_store};

#[tokio::test]
async fn aggregates_of_a_type_are_listed_in_pages() {
    on_every_store(async |app| {
        let mut opened = Vec::new();
        for owner in ["Ada", "Bo", "Cy"] {
            let id = Id::new();
            let owner = owner.into();
            app.send(Open { id, owner }).await.unwrap();
            app.send(Deposit { id, amount: 1 }).await.unwrap();
            opened.push(id);
        }
        let elsewhere = app.tenant(TenantId::from_uuid(Uuid::now_v7()));
        let id = Id::new();
        let owner = "Di".into();
        elsewhere.send(Open { id, owner }).await.unwrap();

        assert_eq!(app.ids::<Account>().await.unwrap(), opened);
        let first = app.ids::<Account>().limit(2).await.unwrap();
        assert_eq!(first, opened[..2]);
        let least = app.ids::<Account>().limit(0).await.unwrap();
        assert_eq!(least, opened[..1], "a page without ids is the end");
        let next = app.ids().after(first.last().copied()).limit(2);
        assert_eq!(next.await.unwrap(), opened[2..]);
        let newest = app.ids::<Account>().newest().limit(1).await.unwrap();
        assert_eq!(newest, opened[2..]);
        let older = app.ids::<Account>().newest().after(newest[0]).await;
        assert_eq!(older.unwrap(), [opened[1], opened[0]]);
        assert_eq!(elsewhere.ids::<Account>().await.unwrap(), [id]);
        match app.ids::<Account>().after(id).await {
            Err(LoadError::Store(StoreError::UnknownStream { .. })) => {}
            other => panic!("another tenant's is none: {other:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn events_are_looked_up_within_the_tenant_of_the_handle() {
    on_every_store(async |app| {
        let other = app.tenant(TenantId::from_uuid(Uuid::now_v7()));
        let (id, owner) = (Id::new(), "Ada".into());
        app.send(Open { id, owner }).await.unwrap();
        let (theirs, owner) = (Id::new(), "Eve".into());
        let by = SendOptions::new().metadata(Metadata::new().actor("eve"));
        other
            .send_with(Open { id: theirs, owner }, by)
            .await
            .unwrap();
        app.send(Deposit { id, amount: 1 }).await.unwrap();

        let history = app.history(id).await.unwrap();
        let own = app.event(history[0].id()).await.unwrap();
        assert_eq!(own.as_ref(), Some(history[0].source()));
        assert_eq!(other.event(history[0].id()).await.unwrap(), None);

        let all = app.look_back(LogFilter::all()).await.unwrap();
        assert_eq!(all.events.len(), 3, "on the app, of all tenants");
        assert_eq!(all.events[0], *history[1].source(), "the newest first");
        let own = app.tenant(app.id()).look_back(LogFilter::all()).await;
        assert_eq!(own.unwrap().events.len(), 2);
        let opened = app.look_back(LogFilter::all().event::<Opened>());
        assert_eq!(opened.await.unwrap().events.len(), 2);
        let eve = app.look_back(LogFilter::all()).by("eve").await.unwrap();
        assert_eq!(eve.events[0].aggregate_id.as_uuid(), theirs.as_uuid());
        let text = app
            .look_back(LogFilter::all())
            .containing("\"ADA\"")
            .limit(1);
        assert_eq!(text.await.unwrap().events[0], *history[0].source());

        let end = app.cursor_at(Timestamp::MAX).await.unwrap();
        let newest = app.look_back(LogFilter::all()).from(end).limit(1).await;
        assert_eq!(newest.unwrap().events[0], *history[1].source());
        assert_eq!(app.cursor_at(Timestamp::MIN).await.unwrap(), Cursor::START);
        let behind = other.cursor_at(Timestamp::MAX).await.unwrap();
        let mut log = app.subscribe(LogFilter::all()).after(behind);
        assert_eq!(log.next().await.unwrap(), *history[1].source());
    })
    .await;
}

#[tokio::test]
async fn a_correlation_is_read_in_pages_within_the_tenant_of_the_handle() {
    on_every_store(async |app| {
        let (id, owner) = (Id::new(), "Ada".into());
        let opened = app.send(Open { id, owner }).await.unwrap();
        let history = app.history(id).await.unwrap();
        let because = || SendOptions::new().caused_by(&history[0]);
        let deposit = app.send_with(Deposit { id, amount: 1 }, because());
        let caused = deposit.await.unwrap();
        app.send(Deposit { id, amount: 2 }).await.unwrap();
        let elsewhere = app.tenant(TenantId::from_uuid(Uuid::now_v7()));
        let (theirs, owner) = (Id::new(), "Eve".into());
        let sent = elsewhere.send_with(Open { id: theirs, owner }, because());
        sent.await.unwrap();

        let history = app.history(id).await.unwrap();
        let first = app.correlation(opened.command_id).limit(1).await.unwrap();
        assert_eq!(first.events, [history[0].source().clone()]);
        let rest = app.correlation(opened.command_id);
        let rest = rest.after(first.next.unwrap()).await.unwrap();
        assert_eq!(rest.events, [history[1].source().clone()]);
        assert_eq!(rest.next, None);
        let own = app.correlation(caused.command_id).await.unwrap();
        assert_eq!(own.events, [], "it has none under its own id");
        let theirs = elsewhere.correlation(opened.command_id).await.unwrap();
        assert_eq!(theirs.events.len(), 1, "what follows there");
    })
    .await;
}
