//! Code of the domain that panics: the task that called it ends, and nothing else does.

use intent_runtime::{App, prelude::*};

use super::fixture::on_store_of_each_kind;

#[derive(Aggregate, Debug)]
#[aggregate(created_by(Started), events(Charged), snapshot(every = 4))]
pub struct Fuse {
    #[id]
    id: Id<Fuse>,
    #[on(Charged += |e| blown_by(e.charge))]
    charge: i64,
}

/// A rule's own code: in some builds, or with some data, it panics.
fn blown_by(charge: i64) -> i64 {
    assert_ne!(charge, 13, "the fuse is blown");
    charge
}

#[event]
pub struct Started;

#[event]
pub struct Charged {
    pub charge: i64,
}

#[commands]
impl Fuse {
    #[create]
    fn start() -> Started {
        Started
    }

    #[handle]
    fn charge(&self, charge: i64) -> Charged {
        assert_ne!(charge, 12, "the decision panics");
        Charged { charge }
    }
}

async fn on_every_store(test: impl AsyncFn(App)) {
    on_store_of_each_kind(Domain::of::<Fuse>, test).await;
}

async fn panics(task: impl Future<Output = ()> + Send + 'static) {
    let ended = tokio::spawn(task).await;
    assert!(ended.is_err_and(|error| error.is_panic()));
}

/// More often than a store has connections.
const TIMES: usize = 40;

#[tokio::test]
async fn a_command_that_panics_leaves_its_aggregate_usable() {
    on_every_store(async |app| {
        let id = Id::new();
        app.send(Start { id }).await.unwrap();
        app.send(Charge { id, charge: 1 }).await.unwrap();
        for charge in [12, 13].repeat(TIMES) {
            let app = app.clone();
            panics(async move {
                let _ = app.send(Charge { id, charge }).await;
            })
            .await;
        }
        let receipt = app.send(Charge { id, charge: 1 }).await.unwrap();
        assert_eq!(
            receipt.version,
            Version::new(3),
            "nothing was stored meanwhile"
        );
        assert_eq!(app.load(id).await.unwrap().charge, 2);
        app.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stored_event_whose_rule_panics_stops_its_own_stream_alone() {
    on_every_store(async |app| {
        let (blown, sound) = (Id::new(), Id::new());
        for id in [blown, sound] {
            app.send(Start { id }).await.unwrap();
            app.send(Charge { id, charge: 1 }).await.unwrap();
        }
        store_charge(&app, blown, 2, 13).await;
        for _ in 0..TIMES {
            let app = app.clone();
            panics(async move {
                let _ = app.load(blown).await;
            })
            .await;
        }
        assert_eq!(app.history(blown).await.unwrap().len(), 3);
        app.send(Charge {
            id: sound,
            charge: 1,
        })
        .await
        .unwrap();
        assert_eq!(app.load(sound).await.unwrap().charge, 2);
        app.close().await.unwrap();
    })
    .await;
}

/// Stores an event as a build without the panic did.
async fn store_charge(app: &App, id: Id<Fuse>, after: u64, charge: i64) {
    use std::borrow::Cow;

    use intent_runtime::store::{Append, EncodedMetadata, Expect, NewEvent, StreamId};

    let payload = serde_json::value::to_raw_value(&Charged { charge }).unwrap();
    let append = Append::new(
        StreamId::of(TenantId::DEFAULT, id),
        Expect::Version(Version::new(after)),
        CommandId::new(),
        vec![NewEvent::new(Cow::Borrowed("Charged"), 1, payload)],
        EncodedMetadata::new(Metadata::new()).unwrap(),
    );
    app.store().append(append).await.unwrap();
}
