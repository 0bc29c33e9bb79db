//! What an operator sees, in a program that runs no workers.

use intent_runtime::{BuildActivity, BuildView, ModelMode, ModelView, Recorded, prelude::*};

use super::{domain::*, fixture::on_every_store};

async fn model(app: &App, name: &str) -> ModelView {
    let models = app.models().await.unwrap();
    models.into_iter().find(|it| it.model == name).unwrap()
}

async fn build(app: &App, name: &str) -> BuildView {
    let mut model = model(app, name).await;
    assert_eq!(model.builds.len(), 1, "{model}");
    model.builds.remove(0)
}

#[tokio::test]
async fn builds_are_seen_by_every_program() {
    on_every_store(domain, async |app| {
        let balance = model(&app, "balance").await;
        assert_eq!(
            (balance.version, balance.mode),
            (Some(1), Some(ModelMode::Async))
        );
        assert_eq!(
            balance.to_string(),
            "balance, version 1\n  no build: start the workers"
        );

        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        app.settled(LONG).await.unwrap();
        // Another program, as far as the store knows.
        let operator = App::on(&app, Domain::of::<Account>()).await.unwrap();
        let seen = build(&operator, "balance").await;
        assert_eq!((seen.version, seen.build, seen.published), (1, 1, true));
        assert_eq!(seen.state, BuildActivity::Published);
        assert_eq!(
            seen.lag.map(|lag| (lag.events, lag.seconds)),
            Some((0, 0.0))
        );
        assert_eq!(seen.cursor, app.log_end().await.unwrap());
        assert!(seen.owner.is_some() && seen.lease_expires.is_some_and(|at| at > Timestamp::now()));
        let unknown = model(&operator, "balance").await;
        assert_eq!((unknown.version, unknown.mode), (None, None));
        assert!(
            unknown.to_string().starts_with(
                "balance, not in this program\n  version 1, build 1: published; up to date"
            ),
            "{unknown}"
        );

        app.pause::<Balance>().await.unwrap();
        let paused = build(&operator, "balance").await;
        assert!(
            matches!(paused.state, BuildActivity::Paused { .. }),
            "{paused}"
        );
        app.resume::<Balance>().await.unwrap();
        workers.stop(LONG).await.unwrap();

        for amount in 0..3 {
            pay(&app, id, amount).await;
        }
        let behind = build(&operator, "balance").await;
        assert_eq!(
            (behind.state.clone(), behind.owner),
            (BuildActivity::NobodyWorks, None)
        );
        let lag = behind.lag.unwrap();
        assert_eq!(lag.events, 3);
        assert!(lag.seconds > 0.0);
        // However long the log is.
        assert_eq!(app.store().events_after(Cursor::START, 2).await.unwrap(), 2);
        let json = serde_json::to_value(operator.models().await.unwrap()).unwrap();
        assert_eq!(json[0]["builds"][0]["lag"]["events"], 3);
        assert_eq!(json[0]["builds"][0]["state"], "nobody_works");
    })
    .await;
}

/// Payments over a limit cannot be applied.
#[derive(ReadModel, Debug, Clone)]
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

#[tokio::test]
async fn tenants_that_are_held_back_and_events_that_are_left_out_are_listed() {
    let domain = || Domain::of::<Account>().read_model::<Limited>();
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let tenant = app.tenant(TenantId::new());
        let id = opened(&tenant, "a").await;
        let before = app.log_end().await.unwrap();
        pay(&tenant, id, 100).await;
        app.settled(LONG).await.unwrap_err();
        let seen = build(&app, "limited").await;
        assert_eq!(seen.held_back_tenants, 1);
        let [held] = &seen.held_back[..] else {
            panic!("{seen}");
        };
        assert_eq!(held.tenant, tenant.id());
        assert_eq!(held.name.as_deref(), Some("Account/Paid"));
        assert!(held.reason.contains("too much"), "{seen}");
        assert!(held.after.compare(before).unwrap().is_le());
        assert!(held.since.is_some_and(|since| since <= Timestamp::now()));
        assert!(seen.to_string().contains("holds back tenant"), "{seen}");
        let event = held.event;
        app.skip::<Limited>(event, "a mistake")
            .by("ada")
            .await
            .unwrap();
        app.settled(LONG).await.unwrap();
        let seen = build(&app, "limited").await;
        assert_eq!((seen.held_back_tenants, seen.held_back.len()), (0, 0));
        let [skipped] = &seen.skipped[..] else {
            panic!("{seen}");
        };
        assert_eq!((skipped.tenant, skipped.event), (tenant.id(), event));
        assert_eq!(
            (&*skipped.why, skipped.by.as_deref()),
            ("a mistake", Some("ada"))
        );
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
