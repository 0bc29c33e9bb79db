//! Histories in pages, several loads at once, and the log as typed events.

use futures_util::{FutureExt as _, StreamExt as _};
use intent_runtime::prelude::*;

use super::{
    domain::*,
    fixture::{append_raw, on_every_store, opened},
};

#[tokio::test]
async fn a_history_comes_in_pages() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for amount in 1..=6 {
            app.send(Deposit { id, amount }).await.unwrap();
        }
        let whole = app.history(id).await.unwrap();
        for limit in [1, 3, 7, 100] {
            let (mut read, mut after) = (Vec::new(), Version::NONE);
            loop {
                let page = app.history_after(id, after, limit).await.unwrap();
                let Some(last) = page.last() else { break };
                assert!(page.len() <= limit);
                after = last.version();
                read.extend(page);
            }
            assert_eq!(read, whole, "in pages of {limit}");
        }
        let beyond = app.history_after(id, Version::MAX, 5).await.unwrap();
        assert_eq!(beyond, []);
        let nothing = app
            .history_after(Id::<Account>::new(), Version::NONE, 5)
            .await;
        assert!(
            matches!(nothing, Err(LoadError::NotFound { .. })),
            "{nothing:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn several_are_loaded_in_the_order_of_their_ids() {
    on_every_store(async |app| {
        let mut ids = Vec::new();
        for amount in 1..=12 {
            let id = opened(&app).await;
            app.send(Deposit { id, amount }).await.unwrap();
            ids.push(id);
        }
        ids.insert(5, Id::new());
        let loaded = app.load_many(ids.clone()).await;
        assert_eq!(loaded.len(), ids.len());
        for (index, (id, loaded)) in ids.iter().zip(loaded).enumerate() {
            match loaded {
                Ok(account) => assert_eq!(account.id(), *id),
                Err(error) => {
                    assert!(
                        index == 5 && matches!(error, LoadError::NotFound { .. }),
                        "{error:?}"
                    );
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_log_is_followed_as_typed_events() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        let branch = app.tenant(TenantId::from_name("eindhoven"));
        let owner = String::from("Bo");
        branch
            .send(Open {
                id,
                owner: owner.clone(),
            })
            .await
            .unwrap();

        // The app follows all tenants, and a tenant follows its own events.
        let all: Vec<_> = app.follow::<Account>().take(3).collect().await;
        let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
        assert_eq!(
            all[1].event,
            Deposited {
                amount: 1,
                channel: "online".into()
            }
            .into()
        );
        assert_eq!(all[2].tenant_id(), branch.id());
        assert_eq!(all[2].aggregate_id().typed::<Account>(), id);
        let own = branch.follow::<Account>().next_event().await.unwrap();
        assert_eq!(own.event, Opened { owner }.into());

        // The reader goes on from its position, and waits at the end.
        let mut first = app.follow::<Account>();
        assert_eq!(first.cursor(), Cursor::START);
        first.next_event().await.unwrap();
        let mut rest = app.follow::<Account>().after(first.cursor());
        assert_eq!(rest.next_event().await.unwrap(), all[1]);
        rest.next_event().await.unwrap();
        assert!(rest.next_event().now_or_never().is_none());
        app.send(Deposit { id, amount: 2 }).await.unwrap();
        let next = rest.next_event().await.unwrap();
        assert_eq!(next.version().get(), 3, "what was cancelled lost nothing");
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_never_passed_over() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        append_raw(&app, id, 1, ("Unheard", 1), "{}").await;
        append_raw(&app, id, 2, ("Deposited", 1), r#"{"amount":7}"#).await;
        let mut log = app.follow::<Account>();
        log.next_event().await.unwrap();
        let before = log.cursor();
        for _ in 0..2 {
            let error = log.next_event().await.unwrap_err();
            let at = matches!(error, LoadError::Decode { version, .. } if version.get() == 2);
            assert!(at, "{error:?}");
            assert_eq!(log.cursor(), before);
        }
    })
    .await;
}

#[tokio::test]
async fn typed_events_come_in_pages() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        let all: Vec<_> = app.follow::<Account>().take(2).collect().await;
        let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();

        let mut log = app.follow::<Account>();
        let page = log.next_page().await.unwrap();
        assert_eq!((&page.events, page.end), (&all, true));
        assert_eq!(log.cursor(), page.cursor);
        assert!(log.next_page().now_or_never().is_none());

        // What an event was taken from before is left out, and the cursor is that of a subscription.
        let mut rest = app.follow::<Account>();
        rest.next_event().await.unwrap();
        let page = rest.next_page().await.unwrap();
        assert_eq!(page.events, all[1..]);
        let mut raw = app.subscribe(LogFilter::all());
        assert_eq!(page.cursor, raw.next_page().await.unwrap().cursor);

        // An event that cannot be read ends a page, and the next one begins there.
        let before = rest.cursor();
        app.send(Deposit { id, amount: 2 }).await.unwrap();
        append_raw(&app, id, 3, ("Unheard", 1), "{}").await;
        app.send(Deposit { id, amount: 3 }).await.unwrap_err();
        let mut rest = app.follow::<Account>().after(before);
        let page = rest.next_page().await.unwrap();
        assert_eq!((page.events.len(), page.end), (1, false));
        assert_eq!(page.events[0].version().get(), 3);
        for _ in 0..2 {
            let error = rest.next_page().await.unwrap_err();
            let at = matches!(error, LoadError::Decode { version, .. } if version.get() == 4);
            assert!(at, "{error:?}");
            assert_eq!(rest.cursor(), page.cursor);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_in_the_domain_is_not_waited_for() {
    let app = App::connect("memory:", Domain::new()).await.unwrap();
    let mut log = app.follow::<Account>();
    for _ in 0..2 {
        let error = log.next_event().await.unwrap_err();
        assert!(
            matches!(error, LoadError::NotRegistered { .. }),
            "{error:?}"
        );
    }
}
