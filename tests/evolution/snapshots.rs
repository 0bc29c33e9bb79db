//! Snapshots over the years: a predecessor's snapshot is converted, every other that cannot be read is replayed, and a
//! forgotten version never leads to a wrong state.

use intent_runtime::{Snapshot, TenantId, prelude::*};
use intent_tests::on;

use super::stored::on_every_store;

#[event]
pub struct Began;

#[event]
pub struct Counted {
    pub amount: u64,
}

/// The counter as builds knew it one after the other. Each converts to the next with a mark in its sum, so that a test
/// sees which way a state came.
macro_rules! build {
    ($build:ident: $counter:ident $name:literal ($($snapshot:tt)*) $sum:ident += $($rule:tt)+) => {
        mod $build {
            use super::*;

            #[derive(Aggregate, Debug)]
            #[aggregate(name = $name, created_by(Began), events(Counted), snapshot(every = 2, $($snapshot)*))]
            pub struct $counter {
                #[id]
                pub id: Id<$counter>,
                #[on(Counted += $($rule)+)]
                pub $sum: u64,
            }

            #[commands]
            impl $counter {
                #[create]
                pub fn begin() -> Began {
                    Began
                }

                #[handle]
                pub fn count(&self, amount: u64) -> Counted {
                    Counted { amount }
                }
            }
        }
    };
}

build!(first: Counter "Counter" () sum += |e| e.amount);
build!(kept_first: CounterV1 "CounterV1" () sum += |e| e.amount);
build!(second: Counter "Counter" (version = 2, from = CounterV1) total += |e| e.amount);
build!(kept_second: CounterV2 "CounterV2" (version = 2, from = CounterV1) total += |e| e.amount);
build!(third: Counter "Counter" (version = 3, from = CounterV2) all += |e| e.amount);
build!(forgotten: Counter "Counter" (version = 2, from = CounterV1) total += |e| e.amount * 2);
build!(bumped: Counter "Counter" (version = 2) sum += |e| e.amount);

pub use kept_first::CounterV1;
pub use kept_second::CounterV2;

const BY_FIRST_STEP: u64 = 1_000;
const BY_SECOND_STEP: u64 = 50_000;

impl From<CounterV1> for second::Counter {
    fn from(old: CounterV1) -> Self {
        let id = Id::from_uuid(old.id.as_uuid());
        let total = old.sum + BY_FIRST_STEP;
        Self { id, total }
    }
}

impl From<CounterV1> for CounterV2 {
    fn from(old: CounterV1) -> Self {
        let second = second::Counter::from(old);
        Self {
            id: Id::from_uuid(second.id.as_uuid()),
            total: second.total,
        }
    }
}

impl From<CounterV2> for third::Counter {
    fn from(old: CounterV2) -> Self {
        let id = Id::from_uuid(old.id.as_uuid());
        let all = old.total + BY_SECOND_STEP;
        Self { id, all }
    }
}

impl From<CounterV1> for forgotten::Counter {
    fn from(old: CounterV1) -> Self {
        let id = Id::from_uuid(old.id.as_uuid());
        let total = old.sum + BY_FIRST_STEP;
        Self { id, total }
    }
}

fn same<A, B>(id: Id<A>) -> Id<B> {
    Id::from_uuid(id.as_uuid())
}

/// Begins a counter as the first build, counts 5, which takes a snapshot, then 1.
async fn begun(app: &App) -> Id<first::Counter> {
    let app = on::<first::Counter>(app).await;
    let id = Id::new();
    app.send(first::Begin { id }).await.unwrap();
    app.send(first::Count { id, amount: 5 }).await.unwrap();
    app.send(first::Count { id, amount: 1 }).await.unwrap();
    id
}

#[tokio::test]
async fn a_predecessors_snapshot_is_converted() {
    on_every_store(async |app| {
        let id = begun(&app).await;
        let second = on::<second::Counter>(&app).await;
        let id: Id<second::Counter> = same(id);
        let converted = second.load(id).await.unwrap();
        assert_eq!(converted.total, 6 + BY_FIRST_STEP, "from the snapshot");
        assert_eq!(converted.version(), Version::new(3));

        let third = on::<third::Counter>(&app).await;
        let through = third.load(same::<_, third::Counter>(id)).await.unwrap();
        assert_eq!(
            through.all,
            6 + BY_FIRST_STEP + BY_SECOND_STEP,
            "both steps"
        );

        let deleted = app.store().delete_snapshots(TenantId::DEFAULT, None);
        assert_eq!(deleted.await.unwrap(), 1);
        assert_eq!(second.load(id).await.unwrap().total, 6, "by replay");
        second.snapshot(id).await.unwrap();
        assert_eq!(
            third.load(same::<_, third::Counter>(id)).await.unwrap().all,
            6 + BY_SECOND_STEP,
            "from the second build's snapshot"
        );
    })
    .await;
}

#[tokio::test]
async fn what_no_predecessor_took_is_replayed() {
    on_every_store(async |app| {
        let id = begun(&app).await;
        let second = on::<second::Counter>(&app).await;
        second
            .snapshot(same::<_, second::Counter>(id))
            .await
            .unwrap();
        let forgotten = on::<forgotten::Counter>(&app).await;
        let doubled = forgotten
            .load(same::<_, forgotten::Counter>(id))
            .await
            .unwrap();
        assert_eq!(doubled.total, 12, "another rule under the same number");
        forgotten
            .snapshot(same::<_, forgotten::Counter>(id))
            .await
            .unwrap();

        let first = on::<first::Counter>(&app).await;
        assert_eq!(first.load(id).await.unwrap().sum, 6, "an older build");
        first.snapshot(id).await.unwrap();
        let bumped = on::<bumped::Counter>(&app).await;
        assert_eq!(
            bumped
                .load(same::<_, bumped::Counter>(id))
                .await
                .unwrap()
                .sum,
            6
        );
    })
    .await;
}

#[test]
fn a_number_that_was_raised_and_a_type_that_is_kept_are_told_apart() {
    assert_eq!(
        <first::Counter as Snapshot>::version(),
        <CounterV1 as Snapshot>::version(),
        "kept under another name, it reads what it took"
    );
    assert_eq!(
        <second::Counter as Snapshot>::version(),
        <CounterV2 as Snapshot>::version()
    );
    assert_ne!(
        <first::Counter as Snapshot>::version(),
        <bumped::Counter as Snapshot>::version(),
        "raising the number makes older snapshots stale"
    );
    let numbers = [
        <first::Counter as Snapshot>::NUMBER,
        <second::Counter as Snapshot>::NUMBER,
        <third::Counter as Snapshot>::NUMBER,
    ];
    assert_eq!(numbers, [1, 2, 3]);
}

#[test]
fn a_stale_snapshot_is_found_by_todays_version() {
    let current = <third::Counter as Snapshot>::version();
    let error = third::Counter::decode_state(7, b"{}").unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the snapshot is stale: it was taken under other fields or rules (version 7, this build's is {current})"
        )
    );
    let version = <CounterV1 as Snapshot>::version();
    assert!(third::Counter::decode_state(version, b"{}").is_err());
}
