//! Snapshots make a load shorter, never different.

use std::ops::ControlFlow;

use intent_runtime::{
    App, Snapshot, TenantId,
    prelude::*,
    store::{NewSnapshot, RawEvent, ReadStream, StateSink, StoredSnapshot},
};
use intent_tests::on;
use serde_json::value::RawValue;

use super::{
    domain::*,
    fixture::{on_every_store, opened, stream},
};

/// What a load reads: the version of the snapshot it begins with, and how many events follow.
#[derive(Debug, Default, PartialEq)]
struct Reads {
    snapshot: u64,
    events: usize,
}

impl StateSink for Reads {
    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        self.snapshot = snapshot.version.get();
        true
    }

    fn event(&mut self, _: RawEvent<'_>) -> ControlFlow<()> {
        self.events += 1;
        ControlFlow::Continue(())
    }
}

async fn reads(app: &App, id: Id<Account>) -> Reads {
    let mut reads = Reads::default();
    let stream = stream(id);
    let mut read = ReadStream::all(&stream);
    read.snapshot = true;
    app.store().read_state(read, &mut reads).await.unwrap();
    reads
}

#[tokio::test]
async fn one_is_taken_every_n_events() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for _ in 0..8 {
            app.send(Deposit { id, amount: 1 }).await.unwrap();
        }
        assert_eq!(
            reads(&app, id).await,
            Reads {
                snapshot: 0,
                events: 9
            }
        );
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        assert_eq!(
            reads(&app, id).await,
            Reads {
                snapshot: 10,
                events: 0
            }
        );
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        assert_eq!(
            reads(&app, id).await,
            Reads {
                snapshot: 10,
                events: 1
            }
        );
        assert_eq!(app.load(id).await.unwrap().balance, 10);
    })
    .await;
}

#[tokio::test]
async fn one_is_taken_when_an_append_crosses_a_multiple() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(DepositMany {
            id,
            amounts: vec![1; 13],
        })
        .await
        .unwrap();
        assert_eq!(
            reads(&app, id).await,
            Reads {
                snapshot: 14,
                events: 0
            }
        );
        assert_eq!(app.load(id).await.unwrap().balance, 13);
    })
    .await;
}

#[tokio::test]
async fn one_is_taken_on_demand() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 1 }).await.unwrap();
        assert_eq!(app.snapshot(id).await.unwrap(), Version::new(2));
        assert_eq!(
            reads(&app, id).await,
            Reads {
                snapshot: 2,
                events: 0
            }
        );
    })
    .await;
}

#[tokio::test]
async fn loads_with_and_without_snapshots_are_the_same() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for amount in 0..35 {
            app.send(Deposit { id, amount }).await.unwrap();
            app.send(Fork { id }).await.unwrap();
        }
        let with = app.load(id).await.unwrap();
        assert!(reads(&app, id).await.snapshot > 0);
        app.store()
            .delete_snapshots(TenantId::DEFAULT, None)
            .await
            .unwrap();
        assert_eq!(reads(&app, id).await.snapshot, 0);
        assert_eq!(app.load(id).await.unwrap(), with);
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_is_left_aside() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let expected = app.load(id).await.unwrap();
        let current = <Account as Snapshot>::version();
        let stored = expected.encode_state().unwrap().get().replace('5', "6");
        let unreadable = [
            (current, r#"{"owner":"somebody else"}"#),
            (current, "7"),
            (current ^ 1, stored.as_str()),
            (0, "null"),
        ];
        for (schema_version, state) in unreadable {
            let snapshot = NewSnapshot::new(
                Version::new(2),
                schema_version,
                RawValue::from_string(state.into()).unwrap(),
            );
            app.store()
                .save_snapshot(&stream(id), snapshot)
                .await
                .unwrap();
            assert_eq!(
                app.load(id).await.unwrap(),
                expected,
                "with the state {state}"
            );
            app.store()
                .delete_snapshots(TenantId::DEFAULT, None)
                .await
                .unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_earlier_version_is_not_read_from_a_later_snapshot() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        for _ in 0..15 {
            app.send(Deposit { id, amount: 1 }).await.unwrap();
        }
        assert_eq!(reads(&app, id).await.snapshot, 10);
        assert_eq!(app.load_at(id, Version::new(4)).await.unwrap().balance, 3);
        assert_eq!(app.load_at(id, Version::new(10)).await.unwrap().balance, 9);
        assert_eq!(app.load_at(id, Version::new(12)).await.unwrap().balance, 11);
    })
    .await;
}

mod unwritable {
    use std::collections::HashMap;

    use intent_runtime::prelude::*;

    #[value]
    #[derive(Eq, Hash)]
    pub struct Key {
        pub name: String,
    }

    /// JSON has text for keys only, so this state cannot be written.
    #[derive(Aggregate)]
    #[aggregate(created_by(Made), events(Filled), snapshot(every = 2))]
    pub struct Table {
        #[id]
        id: Id<Table>,
        #[on(Filled => |cells, e| { cells.insert(e.key.clone(), e.value); })]
        pub cells: HashMap<Key, f64>,
    }

    #[event]
    pub struct Made;

    #[event]
    pub struct Filled {
        pub key: Key,
        pub value: f64,
    }

    #[commands]
    impl Table {
        #[create]
        pub fn make() -> Made {
            Made
        }

        #[handle]
        pub fn fill(&self, key: Key, value: f64) -> Filled {
            Filled { key, value }
        }
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_written_keeps_nothing_from_being_stored() {
    use unwritable::{Fill, Key, Make, Table};
    on_every_store(async |app| {
        let app = on::<Table>(&app).await;
        let id = Id::new();
        app.send(Make { id }).await.unwrap();
        for number in 0..5 {
            let key = Key {
                name: number.to_string(),
            };
            // A number that is read back as another one unless all its digits count.
            let value = 1.618_033_988_749_894_7;
            app.send(Fill { id, key, value }).await.unwrap();
        }
        let table = app.load(id).await.unwrap();
        assert_eq!(table.cells.len(), 5);
        assert!(
            table
                .cells
                .values()
                .all(|value| value.to_bits() == 1.618_033_988_749_894_7_f64.to_bits())
        );
        let error = app.snapshot(id).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the state of Table {id} cannot be written as JSON")
        );
    })
    .await;
}
