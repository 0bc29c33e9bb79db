//! An event that cannot be applied holds back its tenant, by name, and no other.

use intent_runtime::{Recorded, WaitError, prelude::*};

use super::{domain::*, fixture::on_every_store};

/// The same table, with a rule that some events overflow.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "sums", created_by(Opened), events(Paid))]
struct Small {
    #[key]
    account: Id<Account>,
    #[on(Paid += |e| i8::try_from(e.amount).unwrap_or(i8::MAX))]
    cents: i8,
    #[on(Paid += 1)]
    payments: i64,
}

/// What it is after it was mended.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "sums", created_by(Opened), events(Paid))]
struct Mended {
    #[key]
    account: Id<Account>,
    #[on(Paid += |e| e.amount)]
    cents: i64,
    #[on(Paid += 1)]
    payments: i64,
}

fn small() -> Domain {
    Domain::of::<Account>().read_model::<Small>()
}

fn mended() -> Domain {
    Domain::of::<Account>().read_model::<Mended>()
}

#[tokio::test]
async fn other_tenants_go_on_and_a_mended_model_catches_up() {
    on_every_store(small, async |app| {
        let [good, bad] = [TenantId::new(), TenantId::new()].map(|id| app.tenant(id));
        let (of_good, of_bad) = (opened(&good, "a").await, opened(&bad, "b").await);
        for turn in 0..300 {
            pay(&good, of_good, i64::from(turn == 7)).await;
            // The third one overflows.
            let amount = if turn < 3 { 50 } else { 0 };
            pay(&bad, of_bad, amount).await;
        }
        let workers = app.start().await.unwrap();
        let good_receipt = pay(&good, of_good, 2).await;
        let bad_receipt = pay(&bad, of_bad, 1).await;
        good.wait_for::<Small>(&good_receipt, LONG).await.unwrap();
        let row = good.read::<Small>().get(of_good).await.unwrap().unwrap();
        assert_eq!((row.cents, row.payments), (3, 301));

        let held = bad.wait_for::<Small>(&bad_receipt, LONG).await.unwrap_err();
        let WaitError::HeldBack {
            model: "sums",
            reason,
            ..
        } = &held
        else {
            panic!("{held:?}");
        };
        assert_eq!(reason, "`Paid` overflows `cents` of sums");
        // The rows are as they were before the event.
        let row = bad.read::<Small>().get(of_bad).await.unwrap().unwrap();
        assert_eq!((row.cents, row.payments), (100, 2));
        let (_, status) = workers.status().next().unwrap();
        assert_eq!(status.parked, 1);
        workers.stop(LONG).await.unwrap();

        let app = App::on(&app, mended()).await.unwrap();
        let workers = app.start().await.unwrap();
        let bad = app.tenant(bad.id());
        let receipt = pay(&bad, of_bad, 1).await;
        loop {
            match bad.wait_for::<Mended>(&receipt, LONG).await {
                Ok(()) => break,
                // It is tried when the others are as far as the log.
                Err(WaitError::HeldBack { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error:?}"),
            }
        }
        let row = bad.read::<Mended>().get(of_bad).await.unwrap().unwrap();
        assert_eq!((row.cents, row.payments), (152, 302));
        let good = app.tenant(good.id());
        let row = good.read::<Mended>().get(of_good).await.unwrap().unwrap();
        assert_eq!((row.cents, row.payments), (3, 301));
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// A rule that panics, and one that gives a value that no column takes.
#[derive(ReadModel, Debug, Clone)]
#[read_model(created_by(Opened), events(Paid, Named))]
struct Fragile {
    #[key]
    account: Id<Account>,
    #[on(Paid = |e| 100 / e.amount)]
    share: i64,
    #[on(Named = |e| e.name.clone())]
    name: String,
}

#[tokio::test]
async fn a_panic_and_a_value_that_no_column_takes_hold_back_too() {
    let domain = || Domain::of::<Account>().read_model::<Fragile>();
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let [one, two, three] = [(); 3].map(|()| app.tenant(TenantId::new()));
        let id = opened(&one, "a").await;
        let panics = pay(&one, id, 0).await;
        let id = opened(&two, "a").await;
        let name = "a\0b".to_owned();
        let unfit = two.send(Rename { id, name }).await.unwrap();
        let id = opened(&three, "a").await;
        let fine = pay(&three, id, 4).await;
        three.wait_for::<Fragile>(&fine, LONG).await.unwrap();
        assert_eq!(
            three
                .read::<Fragile>()
                .get(id)
                .await
                .unwrap()
                .unwrap()
                .share,
            25
        );
        let reasons = [
            one.wait_for::<Fragile>(&panics, LONG).await,
            two.wait_for::<Fragile>(&unfit, LONG).await,
        ];
        let reasons = reasons.map(|held| match held {
            Err(WaitError::HeldBack { reason, .. }) => reason,
            other => panic!("{other:?}"),
        });
        assert_eq!(reasons[0], "a rule panicked: attempt to divide by zero");
        assert_eq!(reasons[1], "the column `name` takes no text with a NUL");
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// A function that changes the key.
#[derive(ReadModel, Debug, Clone)]
#[read_model(created_by(Opened), events(Paid => (), Moved => Self::moved))]
struct Wandering {
    #[key]
    account: Id<Account>,
}

impl Wandering {
    fn moved(&mut self, _: &Recorded<Moved>) {
        self.account = Id::new();
    }
}

#[tokio::test]
async fn a_changed_key_holds_back() {
    let domain = || Domain::of::<Account>().read_model::<Wandering>();
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "a").await;
        let to = "b".to_owned();
        let moved = app.send(MoveTo { id, to }).await.unwrap();
        let held = app.wait_for::<Wandering>(&moved, LONG).await.unwrap_err();
        let WaitError::HeldBack { reason, .. } = &held else {
            panic!("{held:?}");
        };
        assert_eq!(reason, "a function changed the key of the row");
        let rows = app.read::<Wandering>().query("", ()).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.account).collect::<Vec<_>>(), [id]);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
