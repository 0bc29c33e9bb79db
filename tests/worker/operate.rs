//! What an operator asks for is done by the workers of every process.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use intent_runtime::{Activity, OperateError, Recorded, WaitError, prelude::*};

use super::{domain::*, fixture::on_every_store};

const SOON: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_pause_is_obeyed_by_the_workers_of_another_app() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 5).await;
        app.settled(LONG).await.unwrap();

        // Another process, as far as the workers know.
        let operator = App::on(&app, domain()).await.unwrap();
        operator.pause::<Balance>().await.unwrap();
        let receipt = pay(&app, id, 7).await;
        // Other models go on.
        app.wait_for::<Branch>(&receipt, LONG).await.unwrap();
        let paused = app.wait_for::<Balance>(&receipt, SOON).await;
        assert!(
            matches!(paused, Err(WaitError::Paused { model: "balance" })),
            "{paused:?}"
        );
        let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
        assert_eq!(row.cents, 5);
        loop {
            let balance = workers.status().find(|(name, _)| name.model == "balance");
            if balance.unwrap().1.activity == Activity::Paused {
                break;
            }
            tokio::task::yield_now().await;
        }

        // Not even workers that start now go on.
        let more = operator.start().await.unwrap();
        let paused = app.wait_for::<Balance>(&receipt, SOON).await;
        assert!(
            matches!(paused, Err(WaitError::Paused { .. })),
            "{paused:?}"
        );
        operator.resume::<Balance>().await.unwrap();
        app.wait_for::<Balance>(&receipt, LONG).await.unwrap();
        let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
        assert_eq!((row.cents, row.payments), (12, 2));
        more.stop(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// Payments over a limit cannot be applied.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "limited", created_by(Opened), events(Paid => Self::paid))]
struct Limited {
    #[key]
    account: Id<Account>,
    cents: i64,
}

impl Limited {
    fn paid(&mut self, event: &Recorded<Paid>) {
        assert!(event.amount < 100, "too much");
        self.cents += event.amount;
    }
}

/// The ids of an account's payments.
async fn payments(tenant: &Tenant, id: Id<Account>) -> Vec<EventId> {
    let history = tenant.history(id).await.unwrap();
    let paid = |event: &&Recorded<AccountEvent>| matches!(event.event, AccountEvent::Paid(_));
    history.iter().filter(paid).map(Recorded::id).collect()
}

fn limited() -> Domain {
    Domain::of::<Account>().read_model::<Limited>()
}

#[tokio::test]
async fn a_tenant_goes_on_behind_an_event_that_is_skipped_and_a_rebuild_skips_it_too() {
    on_every_store(limited, async |app| {
        let workers = app.start().await.unwrap();
        let other = app.tenant(TenantId::new());
        let (id, of_other) = (opened(&app, "a").await, opened(&other, "b").await);
        pay(&app, id, 100).await;
        pay(&app, id, 1).await;
        let also = pay(&app, id, 200).await;
        pay(&other, of_other, 3).await;
        let paid = payments(&app, id).await;
        let held = app.wait_for::<Limited>(&also, LONG).await.unwrap_err();
        let WaitError::HeldBack { event, .. } = held else {
            panic!("{held:?}");
        };
        assert_eq!(event, paid[0]);
        // All that can be applied is applied, and the rest is told.
        let settled = app.settled(LONG).await.unwrap_err();
        let WaitError::HeldBack {
            model,
            tenant,
            event: at,
            ..
        } = settled
        else {
            panic!("{settled:?}");
        };
        assert_eq!((model, tenant, at), ("limited", app.id(), event));
        let row = other.read::<Limited>().get(of_other).await.unwrap();
        assert_eq!(row.unwrap().cents, 3);

        // Only what holds back a tenant can be left out.
        let refused = app.skip::<Limited>(paid[1], "why not").await;
        assert!(
            matches!(refused, Err(OperateError::NotHeldBack { .. })),
            "{refused:?}"
        );
        app.skip::<Limited>(event, "a typing mistake")
            .by("ada")
            .await
            .unwrap();
        // It goes on to the next one.
        let event = loop {
            let held = app.wait_for::<Limited>(&also, LONG).await.unwrap_err();
            match held {
                WaitError::HeldBack { event, .. } if event == paid[2] => break event,
                WaitError::HeldBack { .. } => tokio::task::yield_now().await,
                held => panic!("{held:?}"),
            }
        };
        let row = app.read::<Limited>().get(id).await.unwrap().unwrap();
        assert_eq!(row.cents, 1);
        app.skip::<Limited>(event, "another").await.unwrap();
        let last = pay(&app, id, 5).await;
        while let Err(held) = app.wait_for::<Limited>(&last, LONG).await {
            assert!(matches!(held, WaitError::HeldBack { .. }), "{held:?}");
        }
        let row = app.read::<Limited>().get(id).await.unwrap();
        assert_eq!(row.as_ref().unwrap().cents, 6);

        let number = app.rebuild::<Limited>().await.unwrap();
        assert_eq!(number, 2);
        app.settled(LONG).await.unwrap();
        assert_eq!(app.read::<Limited>().get(id).await.unwrap(), row);
        let row = other
            .read::<Limited>()
            .get(of_other)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.cents, 3);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// What a payment is divided by: a rule that is mended while the program runs.
static DIVISOR: AtomicI64 = AtomicI64::new(0);

#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "shares", created_by(Opened), events(Paid))]
struct Share {
    #[key]
    account: Id<Account>,
    #[on(Paid += |e| e.amount / DIVISOR.load(Ordering::Relaxed))]
    cents: i64,
}

#[tokio::test]
async fn a_tenant_that_is_held_back_is_resumed_without_a_restart() {
    let domain = || Domain::of::<Account>().read_model::<Share>();
    on_every_store(domain, async |app| {
        DIVISOR.store(0, Ordering::Relaxed);
        let workers = app.start().await.unwrap();
        let id = opened(&app, "a").await;
        let receipt = pay(&app, id, 8).await;
        let held = app.wait_for::<Share>(&receipt, LONG).await;
        assert!(matches!(held, Err(WaitError::HeldBack { .. })), "{held:?}");
        DIVISOR.store(2, Ordering::Relaxed);
        app.resume::<Share>().await.unwrap();
        // Workers of this process are about to try again, so a wait goes on until they have.
        app.wait_for::<Share>(&receipt, LONG).await.unwrap();
        app.settled(LONG).await.unwrap();
        let row = app.read::<Share>().get(id).await.unwrap().unwrap();
        assert_eq!(row.cents, 4);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_build_that_holds_back_what_is_read_is_not_published() {
    on_every_store(limited, async |app| {
        // The rows were made when the limit was another one.
        #[derive(ReadModel, Debug, Clone)]
        #[read_model(table = "limited", created_by(Opened), events(Paid))]
        struct Unlimited {
            #[key]
            account: Id<Account>,
            #[on(Paid += |e| e.amount)]
            cents: i64,
        }
        let earlier = Domain::of::<Account>().read_model::<Unlimited>();
        let earlier = App::on(&app, earlier).await.unwrap();
        let id = opened(&app, "a").await;
        pay(&app, id, 100).await;
        let workers = earlier.start().await.unwrap();
        earlier.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();

        let workers = app.start().await.unwrap();
        app.rebuild::<Limited>().await.unwrap();
        let held = loop {
            match app.settled(SOON).await.unwrap_err() {
                WaitError::HeldBack { event, .. } => break event,
                WaitError::Building { .. } | WaitError::NoWorker { .. } => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(held, payments(&app, id).await[0]);
        let row = app.read::<Limited>().get(id).await.unwrap().unwrap();
        assert_eq!(row.cents, 100, "the earlier rows are read");
        app.skip::<Limited>(held, "over the limit").await.unwrap();
        app.settled(LONG).await.unwrap();
        let row = app.read::<Limited>().get(id).await.unwrap().unwrap();
        assert_eq!(row.cents, 0);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
