//! States that do not survive a JSON round trip. No snapshot of them is kept, because it would differ from the state that the
//! events make.

use intent_runtime::{App, prelude::*};

#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(
    created_by(Entered),
    events(Named, Measured, Asked => ()),
    snapshot(every = 2)
)]
pub struct Person {
    #[id]
    id: Id<Person>,
    /// Not asked; asked and none; a name.
    #[on(Named = |e| Some((!e.name.is_empty()).then(|| e.name.clone())))]
    nick: Option<Option<String>>,
    #[on(Measured = |e| Some(e.value * e.value))]
    most: Option<f64>,
}

#[event]
pub struct Entered;

#[event]
pub struct Named {
    pub name: String,
}

#[event]
pub struct Measured {
    pub value: f64,
}

#[event]
pub struct Asked;

#[derive(Debug, thiserror::Error)]
#[error("asked already")]
pub struct Already;

#[commands]
impl Person {
    #[create]
    pub fn enter() -> Entered {
        Entered
    }

    #[handle]
    pub fn call(&self, name: String) -> Named {
        Named { name }
    }

    #[handle]
    pub fn measure(&self, value: f64) -> Measured {
        Measured { value }
    }

    #[handle]
    pub fn ask(&self) -> Result<Asked, Already> {
        if self.nick.is_some() {
            return Err(Already);
        }
        Ok(Asked)
    }
}

async fn entered(cache_bytes: u64) -> (App, Id<Person>) {
    let app = App::connect("memory:", Domain::of::<Person>()).cache_bytes(cache_bytes);
    let app = app.await.unwrap();
    let id = Id::new();
    app.send(Enter { id }).await.unwrap();
    (app, id)
}

/// The same state with the snapshots that were kept and without them.
async fn assert_kept_as_folded(app: &App, id: Id<Person>) {
    let kept = app.load(id).await.unwrap();
    let store = app.store();
    store
        .delete_snapshots(TenantId::DEFAULT, None)
        .await
        .unwrap();
    assert_eq!(kept, app.load(id).await.unwrap());
}

#[tokio::test]
async fn deleting_snapshots_changes_no_state() {
    let (app, id) = entered(0).await;
    let name = String::new();
    app.send(Call { id, name }).await.unwrap();
    assert_kept_as_folded(&app, id).await;

    let (app, id) = entered(0).await;
    app.send(Measure { id, value: 1e300 }).await.unwrap();
    assert_kept_as_folded(&app, id).await;
}

#[tokio::test]
async fn a_snapshot_that_is_asked_for_says_why_there_is_none() {
    let (app, id) = entered(0).await;
    app.send(Measure { id, value: 1e300 }).await.unwrap();
    let error = app.snapshot(id).await.unwrap_err();
    assert!(matches!(error, LoadError::Encode { .. }), "{error:?}");
    assert!(
        format!("{error:?}").contains("read back as another state"),
        "{error:?}"
    );
}

#[tokio::test]
async fn such_a_state_decides_alike_with_and_without_a_cache() {
    for bytes in [1 << 20, 0] {
        let (app, id) = entered(bytes).await;
        let name = String::new();
        app.send(Call { id, name }).await.unwrap();
        let asked = app.send(Ask { id }).await;
        assert!(
            matches!(asked, Err(SendError::Rejected(Already))),
            "{asked:?}"
        );
    }
}
