//! The futures can be sent: from a web handler, a spawned task, a generic function.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use intent_runtime::{
    App, Decide, LoadError, Refusal,
    prelude::*,
    store::{MemoryStore, Store},
};
use tower::ServiceExt;

use super::{domain::*, fixture::registered};

async fn deposit(
    State((app, id)): State<(App, Id<Account>)>,
    body: String,
) -> Result<String, StatusCode> {
    let amount = body.parse().map_err(|_| StatusCode::BAD_REQUEST)?;
    app.send(Deposit { id, amount })
        .await
        .map_err(|_| StatusCode::CONFLICT)?;
    let account = app
        .load(id)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(account.balance.to_string())
}

/// Sends any command from a spawned task, which takes a future that can be sent.
async fn send_spawned<A, C>(app: App, command: C) -> Result<Version, SendError<Refusal<C>>>
where
    A: Aggregate + Decide<C>,
    C: Command<Aggregate = A>,
{
    let sending = async move { app.send(command).await.map(|receipt| receipt.version) };
    tokio::spawn(sending).await.unwrap()
}

async fn load_spawned<A: Aggregate>(app: App, id: Id<A>) -> Result<Version, LoadError> {
    let loading = async move {
        app.history(id).await?;
        app.load_as_of(id, AsOf::Recorded(Timestamp::MAX)).await?;
        app.load_at(id, Version::FIRST).await?;
        app.load(id).await.map(|loaded| loaded.version())
    };
    tokio::spawn(loading).await.unwrap()
}

/// A service that knows the app by a trait only.
trait Bank: Send + Sync {
    fn deposit(&self, id: Id<Account>, amount: i64) -> impl Future<Output = bool> + Send;
}

impl Bank for App {
    async fn deposit(&self, id: Id<Account>, amount: i64) -> bool {
        self.send(Deposit { id, amount }).await.is_ok()
    }
}

async fn app() -> App {
    registered(MemoryStore::new()).await
}

#[tokio::test]
async fn in_an_axum_handler() {
    let (app, id) = (app().await, Id::new());
    app.send(Open {
        id,
        owner: "Ada".into(),
    })
    .await
    .unwrap();
    let router = Router::new()
        .route("/deposit", post(deposit))
        .with_state((app, id));
    let request = axum::http::Request::post("/deposit")
        .body(axum::body::Body::from("5"))
        .unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = axum::body::to_bytes(response.into_body(), 100)
        .await
        .unwrap();
    assert_eq!(&body[..], b"5");
}

#[tokio::test]
async fn in_a_generic_function() {
    let (app, id) = (app().await, Id::new());
    let version = send_spawned(
        app.clone(),
        Open {
            id,
            owner: "Ada".into(),
        },
    )
    .await
    .unwrap();
    assert_eq!(version, Version::FIRST);
    assert_eq!(load_spawned(app, id).await.unwrap(), Version::FIRST);
}

#[tokio::test]
async fn behind_a_trait() {
    async fn twice(bank: &impl Bank, id: Id<Account>) -> bool {
        bank.deposit(id, 1).await && bank.deposit(id, 1).await
    }
    let (app, id) = (app().await, Id::new());
    app.send(Open {
        id,
        owner: "Ada".into(),
    })
    .await
    .unwrap();
    assert!(twice(&app, id).await);
}

#[test]
fn the_front_door_crosses_threads() {
    fn crosses<T: Send + Sync + Clone + 'static>() {}
    crosses::<App>();
    crosses::<intent_runtime::Tenant>();
    fn is_store<T: Store>() {}
    is_store::<MemoryStore>();
}
