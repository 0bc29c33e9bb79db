//! Chapter "Writing a store": a store from scratch and a decorator, with public items only, and the suite that both pass.

mod content;
mod counting;
mod lookup;
mod store;

use intent_runtime::{MemoryStore, prelude::*};

use self::{counting::Counting, store::ListStore};
use super::commands::{Account, Deposit, Open};

mod list {
    use super::ListStore;

    // ANCHOR: suite
    intent_runtime::store_conformance!(async { (ListStore::new(), ()) });
    // ANCHOR_END: suite
}

mod counting_list {
    use super::{Counting, ListStore};

    intent_runtime::store_conformance!(async { (Counting::new(ListStore::new()), ()) });
}

mod counting_memory {
    use super::{Counting, MemoryStore};

    intent_runtime::store_conformance!(async { (Counting::new(MemoryStore::new()), ()) });
}

#[tokio::test]
async fn an_app_runs_on_it() {
    // ANCHOR: app
    let store = Counting::new(ListStore::new());
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    // ANCHOR_END: app
    let id = Id::<Account>::new();
    let owner = "Ada".into();
    app.send(Open { id, owner }).await.unwrap();
    app.send(Deposit { id, amount: 5 }).await.unwrap();
    assert_eq!(app.load(id).await.unwrap().version(), Version::new(2));
}

#[tokio::test]
async fn the_decorator_counts_what_is_stored() {
    let store = Counting::new(ListStore::new());
    let appends = store.appends();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    let id = Id::<Account>::new();
    let owner = "Ada".into();
    app.send(Open { id, owner }).await.unwrap();
    assert_eq!(appends.get(), 1);
}

#[tokio::test]
async fn the_decorator_counts_in_transactions_too() {
    let store = Counting::new(MemoryStore::new());
    let appends = store.appends();
    let app = App::on(store, Domain::of::<Account>()).await.unwrap();
    let id = Id::<Account>::new();
    let mut transaction = app.transaction().await.unwrap();
    let owner = "Ada".into();
    transaction.send(Open { id, owner }).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(appends.get(), 1);
}
