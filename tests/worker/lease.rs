//! One worker writes at a time, and nothing is written by one that lost its lease.

use std::time::Duration;

use intent_runtime::{
    Position,
    prelude::*,
    read_model::Cell,
    store::{
        Store,
        tables::{Build, Claim, Flush, Lease, Row, Table, Tables},
    },
};
use uuid::Uuid;

use super::{domain::*, fixture::on_every_store};

static TABLE: Table = Table::new("balance", 1, Balance::COLUMNS);
const BUILD: Build<'static> = Build::new(&TABLE, 1);
const WORKER: &str = "balance__1_1";

fn flush<'a>(lease: Lease, owner: Uuid, cursor: Cursor, put: &'a [Row]) -> Flush<'a> {
    let mut flush =
        Flush::new(WORKER, BUILD, lease, owner, Duration::from_secs(10), cursor).put(put);
    flush.heard = Some("names");
    flush
}

fn row(cents: i64) -> Row {
    let account = Cell::Id(Uuid::from_u128(7));
    let text = |text: &str| Cell::Text(text.into());
    let all = Cell::Json("[]".into());
    let cells = vec![
        account,
        text("north"),
        Cell::Integer(cents),
        Cell::Integer(1),
        Cell::Null,
        all,
        Cell::Null,
    ];
    Row::new(TenantId::DEFAULT, cells)
}

async fn cents(tables: &dyn Tables) -> Vec<i64> {
    let key = Row::new(TenantId::DEFAULT, vec![Cell::Id(Uuid::from_u128(7))]);
    let rows = tables.load(BUILD, &[key]).await.unwrap();
    rows.iter()
        .map(|row| match row.cells[2] {
            Cell::Integer(cents) => cents,
            _ => panic!("{row:?}"),
        })
        .collect()
}

#[tokio::test]
async fn who_lost_the_lease_writes_nothing() {
    on_every_store(domain, async |app| {
        let store: &dyn Store = app.store();
        let tables = store.tables().unwrap();
        tables.enlist(&TABLE).await.unwrap();
        let [one, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let at = |number| Cursor::after(store.store_id(), Position::new(number));
        tables.hear(WORKER, "names", None).await.unwrap();
        let worker = [WORKER.to_owned()];
        let claim = async |owner, lasts| {
            let claim = Claim::new(&worker, owner, lasts);
            tables.claim(claim).await.unwrap().pop().map(|(_, it)| it)
        };

        let first = claim(one, Duration::ZERO).await.unwrap();
        assert_eq!(first.cursor, Cursor::START);
        assert!(tables.begin(BUILD, first, one).await.unwrap());
        let rows = [row(1)];
        assert!(tables.flush(flush(first, one, at(1), &rows)).await.unwrap());
        assert_eq!(cents(tables).await, [1]);
        // The flush made the lease last.
        assert_eq!(claim(other, LONG).await, None);

        // The checkpoint is another one than it wrote last, as after a crash of the server.
        let rows = [row(2)];
        assert!(!tables.flush(flush(first, one, at(2), &rows)).await.unwrap());
        assert_eq!(cents(tables).await, [1]);

        let again = claim(one, Duration::ZERO).await.unwrap();
        assert_eq!((again.epoch, again.cursor), (first.epoch, at(1)));
        let taken = loop {
            // The lease of no length has run out a moment later.
            if let Some(taken) = claim(other, LONG).await {
                break taken;
            }
        };
        assert_eq!((taken.epoch, taken.cursor), (first.epoch + 1, at(1)));
        assert!(!tables.flush(flush(again, one, at(2), &rows)).await.unwrap());
        assert_eq!(cents(tables).await, [1]);
        assert!(
            tables
                .flush(flush(taken, other, at(2), &rows))
                .await
                .unwrap()
        );
        assert_eq!(cents(tables).await, [2]);

        // Given back, it is free at once.
        tables.release(WORKER, taken, other).await.unwrap();
        let third = claim(one, LONG).await.unwrap();
        assert_eq!((third.epoch, third.cursor), (taken.epoch + 1, at(2)));
    })
    .await;
}

#[tokio::test]
async fn another_process_takes_over_what_is_given_back() {
    on_every_store(domain, async |app| {
        let second = App::on(&app, domain()).await.unwrap();
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        pay(&app, id, 5).await;
        app.settled(LONG).await.unwrap();
        let waiting = second.start().await.unwrap();
        workers.stop(LONG).await.unwrap();
        let receipt = pay(&second, id, 7).await;
        second.wait_for::<Balance>(&receipt, LONG).await.unwrap();
        let row = second.read::<Balance>().get(id).await.unwrap().unwrap();
        assert_eq!((row.cents, row.payments), (12, 2));
        waiting.stop(LONG).await.unwrap();
    })
    .await;
}
