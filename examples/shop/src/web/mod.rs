//! The service: commands come in, screens go out.

mod caller;
mod commands;
mod error;
mod screens;

use std::error::Error;

use axum::{
    Router,
    routing::{get, post},
};
use intent_runtime::App;
use tokio::net::TcpListener;

use crate::domain::{
    customer::{ChangeEmail, Register},
    order::{Pay, Ship},
    product::{Add, Reprice, Restock},
};

// ANCHOR: router
pub fn router(app: App) -> Router {
    Router::new()
        .route(
            "/customers",
            get(screens::customers).post(commands::send::<Register>),
        )
        .route("/customers/email", post(commands::send::<ChangeEmail>))
        .route(
            "/products",
            get(screens::products).post(commands::send::<Add>),
        )
        .route("/products/price", post(commands::send::<Reprice>))
        .route("/products/stock", post(commands::send::<Restock>))
        .route("/orders", get(screens::orders).post(commands::place))
        .route("/orders/{id}", get(screens::order))
        .route("/orders/payment", post(commands::send::<Pay>))
        .route("/orders/shipment", post(commands::send::<Ship>))
        .route("/orders/cancellation", post(commands::cancel))
        .route("/sales", get(screens::sales))
        .with_state(app)
}
// ANCHOR_END: router

/// Serves until `stop` ends. Then no new connection is taken, and the requests that are under way are answered.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    axum::serve(listener, router(app))
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}
