//! Rows follow the log: every event once, in order, whatever ends and begins again.

use std::{collections::HashMap, time::Duration};

use intent_runtime::{Position, ReadError, WaitError, WorkerOptions, Workers, prelude::*};
use tokio::task::JoinSet;

use super::{domain::*, fixture::on_every_store};

async fn stop(workers: Workers) {
    workers.stop(LONG).await.unwrap();
}

#[tokio::test]
async fn rows_follow_events() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 5).await;
        app.send(Rename {
            id,
            name: "Ada".into(),
        })
        .await
        .unwrap();
        let last = pay(&app, id, 7).await;
        app.wait_for::<Balance>(&last, LONG).await.unwrap();
        let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
        assert_eq!(
            (row.cents, row.payments, row.name.as_deref()),
            (12, 2, Some("Ada"))
        );
        assert_eq!(*row.all, [5, 7]);
        let history = app.history(id).await.unwrap();
        assert_eq!(row.last, Some(history[3].occurred_at()));
        assert_eq!(app.read::<Balance>().get(Id::new()).await.unwrap(), None);

        let gone = app.send(Close { id }).await.unwrap();
        app.wait_for::<Balance>(&gone, LONG).await.unwrap();
        assert_eq!(app.read::<Balance>().get(id).await.unwrap(), None);
        stop(workers).await;
    })
    .await;
}

#[tokio::test]
async fn an_event_may_change_several_rows() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        opened(&app, "north").await;
        let to = "south".to_owned();
        app.send(MoveTo { id, to }).await.unwrap();
        app.settled(LONG).await.unwrap();
        let rows = app
            .read::<Branch>()
            .query("order by name", ())
            .await
            .unwrap();
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.accounts))
            .collect();
        assert_eq!(rows, [("north", 1), ("south", 1)]);
        stop(workers).await;
    })
    .await;
}

#[tokio::test]
async fn rows_are_found_by_sql_in_their_tenant_only() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let other = app.tenant(TenantId::new());
        for (tenant, amount) in [(&*app, 1), (&*app, 2), (&*app, 3), (&other, 4)] {
            let id = opened(tenant, "north").await;
            pay(tenant, id, amount).await;
        }
        app.settled(LONG).await.unwrap();
        let found = app
            .read::<Balance>()
            .query(
                "where cents > $1 and branch = $2 order by cents desc limit 10",
                (1_i64, "north".to_owned()),
            )
            .await
            .unwrap();
        assert_eq!(
            found.iter().map(|row| row.cents).collect::<Vec<_>>(),
            [3, 2]
        );
        let found = other.read::<Balance>().query("", ()).await.unwrap();
        assert_eq!(found.iter().map(|row| row.cents).collect::<Vec<_>>(), [4]);
        let id = found[0].account;
        assert_eq!(app.read::<Balance>().get(id).await.unwrap(), None);
        stop(workers).await;
    })
    .await;
}

#[tokio::test]
async fn a_query_that_does_not_fit_its_model_or_values_is_refused() {
    on_every_store(domain, async |app| {
        let rows = app.read::<Balance>();
        for found in [
            rows.query("where \"brunch\" = $1", ("north",)).await,
            rows.query("order by \"cent\"", ()).await,
            rows.query("where branch = $1", ()).await,
            rows.query("where branch = $2", ("north",)).await,
            rows.query("where branch = $1", ("north", 2)).await,
        ] {
            assert!(matches!(found, Err(ReadError::Text { .. })), "{found:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn rows_are_read_when_they_were_built() {
    on_every_store(domain, async |app| {
        let id = opened(&app, "north").await;
        let receipt = pay(&app, id, 5).await;
        let unbuilt = app.read::<Balance>().get(id).await;
        assert!(
            matches!(unbuilt, Err(ReadError::NotBuilt { model: "balance" })),
            "{unbuilt:?}"
        );
        let nobody = app
            .wait_for::<Balance>(&receipt, Duration::from_millis(20))
            .await;
        assert!(
            matches!(nobody, Err(WaitError::NoWorker { .. })),
            "{nobody:?}"
        );
        let workers = app.start().await.unwrap();
        app.wait_for::<Balance>(&receipt, LONG).await.unwrap();
        assert_eq!(
            app.read::<Balance>().get(id).await.unwrap().unwrap().cents,
            5
        );
        stop(workers).await;
        // Without workers the rows stay.
        assert!(app.read::<Balance>().get(id).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_wait_ends_although_the_last_transaction_was_rolled_back() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(app.read::<Balance>().query("", ()).await.unwrap(), []);
        let id = opened(&app, "north").await;
        // On Postgres it has drawn positions that no event has.
        let mut transaction = app.transaction().await.unwrap();
        transaction.send(Pay { id, amount: 5 }).await.unwrap();
        transaction.rollback().await.unwrap();
        app.settled(LONG).await.unwrap();
        let row = app.read::<Balance>().get(id).await.unwrap().unwrap();
        assert_eq!(row.payments, 0);
        stop(workers).await;
    })
    .await;
}

#[tokio::test]
async fn a_wait_takes_a_cursor_that_came_from_outside() {
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        let text = pay(&app, id, 5).await.cursor.unwrap().to_string();
        let cursor: Cursor = text.parse().unwrap();
        let clerk = app.acting(Actor::new("eve"));
        clerk.wait_for::<Balance>(cursor, LONG).await.unwrap();
        assert_eq!(
            app.read::<Balance>().get(id).await.unwrap().unwrap().cents,
            5
        );
        // Nothing was stored, so there is nothing to wait for.
        app.wait_for::<Balance>(None, Duration::ZERO).await.unwrap();
        // Nobody stored so much.
        let (store, end) = cursor.place().unwrap();
        let beyond = Cursor::after(store, Position::new(end.get() + 1_000));
        let wait = app.wait_for::<Balance>(beyond, Duration::ZERO).await;
        assert!(matches!(wait, Err(WaitError::TooSlow { .. })), "{wait:?}");
        stop(workers).await;
    })
    .await;
}

#[tokio::test]
async fn a_model_of_another_domain_is_told() {
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
    let read = app.read::<Balance>().get(Id::new()).await;
    assert!(
        matches!(read, Err(ReadError::NotRegistered { .. })),
        "{read:?}"
    );
}

/// Payments of each account, as the log has them.
async fn of_the_log(app: &App) -> HashMap<AggregateId, (i64, i64)> {
    let mut log = app.follow::<Account>();
    let mut sums: HashMap<_, (i64, i64)> = HashMap::new();
    loop {
        let page = log.next_page().await.unwrap();
        for event in page.events {
            if let AccountEvent::Paid(paid) = &event.event {
                let sum = sums.entry(event.aggregate_id()).or_default();
                sum.0 += paid.amount;
                sum.1 += 1;
            }
        }
        if page.end {
            break;
        }
    }
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_when_workers_end_at_any_time() {
    on_every_store(domain, async |app| {
        let mut accounts = Vec::new();
        for _ in 0..20 {
            accounts.push(opened(&app, "north").await);
        }
        let mut writing = JoinSet::new();
        for part in accounts.chunks(5) {
            let (app, part) = (app.clone(), part.to_vec());
            writing.spawn(async move {
                for turn in 0..60 {
                    for id in &part {
                        pay(&app, *id, turn).await;
                    }
                }
            });
        }
        // Dropped in the middle of whatever they do, each a few events further on than the one before.
        let mut reader = app.subscribe(LogFilter::all());
        let mut kills = 0;
        let options = WorkerOptions::new().lease(Duration::from_millis(30));
        while !writing.is_empty() {
            let workers = app.start_with(options).await.unwrap();
            for _ in 0..(37 * kills % 150) {
                if writing.is_empty() {
                    break;
                }
                tokio::select! {
                    event = reader.next() => { event.unwrap(); }
                    Some(done) = writing.join_next() => done.unwrap(),
                }
            }
            drop(workers);
            kills += 1;
        }
        writing.join_all().await;
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        eprintln!("dropped {kills} times");
        let rows = app.read::<Balance>().query("", ()).await.unwrap();
        let rows = rows.into_iter().map(|row| {
            assert_eq!(row.all.iter().sum::<i64>(), row.cents);
            (
                AggregateId::from_uuid(row.account.as_uuid()),
                (row.cents, row.payments),
            )
        });
        assert_eq!(rows.collect::<HashMap<_, _>>(), of_the_log(&app).await);
        stop(workers).await;
    })
    .await;
}
