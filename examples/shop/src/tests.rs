//! The service, asked as a client asks it, on each kind of store.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use intent_runtime::prelude::*;
use intent_tests::postgres::TempDatabase;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    domain::{Customer, Order, Product, shop},
    seed, web,
};

const LONG: Duration = Duration::from_secs(60);

/// Who asks: tenant, name and roles.
#[derive(Clone, Copy)]
struct Who(&'static str, &'static str, &'static str);

const CLERK: Who = Who("north", "eve", "clerk");
const ELSEWHERE: Who = Who("south", "eve", "clerk");

struct Service(Router);

impl Service {
    async fn ask(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.0.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1_000_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn get(&self, who: Who, path: &str) -> (StatusCode, Value) {
        let request = by(who, Request::get(path)).body(Body::empty());
        self.ask(request.unwrap()).await
    }

    async fn post(&self, who: Who, key: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let request = by(who, Request::post(path))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()));
        self.ask(request.unwrap()).await
    }

    /// Sends what must succeed, and returns the cursor of what it stored.
    async fn stores(&self, who: Who, key: &str, path: &str, body: Value) -> String {
        let (status, done) = self.post(who, key, path, body).await;
        assert!(status.is_success(), "{status} {done}");
        done["cursor"].as_str().unwrap().to_owned()
    }
}

fn by(
    Who(tenant, name, roles): Who,
    request: axum::http::request::Builder,
) -> axum::http::request::Builder {
    request
        .header("x-tenant", tenant)
        .header("x-actor", name)
        .header("x-roles", roles)
}

/// Runs a test on the service with a store of each kind.
async fn on_every_store(test: impl AsyncFn(&Service, &App)) {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}", folder.path().join("shop.db").display());
    let database = TempDatabase::new().await;
    for url in ["memory:", &file, &database.url()] {
        let app = App::connect(url, shop()).await.unwrap();
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        test(&Service(web::router(app.clone())), &app).await;
        workers.stop(LONG).await.unwrap();
    }
}

/// A product of which `quantity` is there.
async fn product(service: &Service, quantity: u32) -> Id<Product> {
    let id = Id::<Product>::new();
    let key = id.to_string();
    let add = json!({ "id": id, "name": "Teapot", "price_cents": 2490 });
    service.stores(CLERK, &key, "/products", add).await;
    let restock = json!({ "id": id, "quantity": quantity });
    let key = format!("{key} stock");
    service
        .stores(CLERK, &key, "/products/stock", restock)
        .await;
    id
}

fn basket(id: Id<Order>, customer: Id<Customer>, product: Id<Product>, quantity: u32) -> Value {
    let line = json!({ "product": product, "quantity": quantity });
    json!({ "id": id, "customer": customer, "lines": [line] })
}

#[tokio::test]
async fn an_order_goes_from_the_basket_to_the_customer() {
    on_every_store(async |service, _| {
        let teapot = product(service, 5).await;
        let (id, customer) = (Id::new(), Id::new());
        let order = basket(id, customer, teapot, 2);
        let placed = service.stores(CLERK, "1", "/orders", order).await;
        let (_, offers) = service
            .get(CLERK, &format!("/products?after={placed}"))
            .await;
        assert_eq!(offers[0]["in_stock"], 3);
        let pay = json!({ "id": id });
        service
            .stores(CLERK, "2", "/orders/payment", pay.clone())
            .await;
        let sent = service.stores(CLERK, "3", "/orders/shipment", pay).await;
        let (_, orders) = service
            .get(CLERK, &format!("/orders?after={sent}&state=Shipped"))
            .await;
        assert_eq!(orders[0]["order"], json!(id));
        assert_eq!(orders[0]["total_cents"], 4980);
        let (_, sales) = service.get(CLERK, &format!("/sales?after={sent}")).await;
        assert_eq!(
            (&sales[0]["orders"], &sales[0]["came_in_cents"]),
            (&json!(1), &json!(4980))
        );
        let (status, none) = service.get(ELSEWHERE, "/orders").await;
        assert_eq!((status, none), (StatusCode::OK, json!([])));
    })
    .await;
}

#[tokio::test]
async fn an_order_takes_all_it_needs_or_nothing() {
    on_every_store(async |service, app| {
        let (many, few) = (product(service, 5).await, product(service, 1).await);
        let line = |product, quantity| json!({ "product": product, "quantity": quantity });
        let id = Id::<Order>::new();
        let order = json!({ "id": id, "customer": Id::<Customer>::new(), "lines": [line(many, 2), line(few, 2)] });
        let (status, told) = service.post(CLERK, "1", "/orders", order).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
        let text = told["error"].as_str().unwrap();
        assert!(text.contains("only 1 are left, 2 were asked for"), "{text}");
        app.settled(LONG).await.unwrap();
        let (_, offers) = service.get(CLERK, "/products?order_by=in_stock").await;
        assert_eq!((&offers[0]["in_stock"], &offers[1]["in_stock"]), (&json!(1), &json!(5)));
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_again_happens_once() {
    on_every_store(async |service, app| {
        let teapot = product(service, 5).await;
        let restock = json!({ "id": teapot, "quantity": 10 });
        let first = service
            .post(CLERK, "more", "/products/stock", restock.clone())
            .await;
        assert_eq!(
            service
                .post(CLERK, "more", "/products/stock", restock)
                .await,
            first
        );
        let other = json!({ "id": teapot, "quantity": 11 });
        let (status, _) = service.post(CLERK, "more", "/products/stock", other).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

        let (id, customer) = (Id::new(), Id::new());
        for _ in 0..2 {
            let order = basket(id, customer, teapot, 2);
            let (status, _) = service.post(CLERK, "1", "/orders", order).await;
            assert_eq!(status, StatusCode::CREATED);
        }
        let (status, _) = service
            .post(CLERK, "1", "/orders", basket(id, customer, teapot, 3))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let cancelled = service
            .stores(CLERK, "2", "/orders/cancellation", json!({ "id": id }))
            .await;
        let (status, _) = service
            .post(CLERK, "3", "/orders/cancellation", json!({ "id": id }))
            .await;
        assert_eq!(status, StatusCode::OK);
        app.settled(LONG).await.unwrap();
        let (_, offers) = service
            .get(CLERK, &format!("/products?after={cancelled}"))
            .await;
        assert_eq!(offers[0]["in_stock"], 15);
    })
    .await;
}

#[tokio::test]
async fn two_customers_cannot_have_one_e_mail() {
    on_every_store(async |service, _| {
        let register =
            |id: Id<Customer>| json!({ "id": id, "name": "Ada", "email": "Ada@example.org" });
        let (ada, other) = (Id::new(), Id::new());
        let stored = service
            .stores(CLERK, "1", "/customers", register(ada))
            .await;
        let (status, told) = service
            .post(CLERK, "2", "/customers", register(other))
            .await;
        assert_eq!(status, StatusCode::CONFLICT, "{told}");
        // In another tenant it is free.
        service
            .stores(ELSEWHERE, "1", "/customers", register(other))
            .await;
        let (_, cards) = service
            .get(CLERK, &format!("/customers?after={stored}"))
            .await;
        assert_eq!(cards.as_array().unwrap().len(), 1);
        assert_eq!(cards[0]["email"], "ada@example.org");
        // Whoever changes his own frees it.
        let change = json!({ "id": ada, "email": "ada@example.com" });
        service.stores(CLERK, "3", "/customers/email", change).await;
        service
            .stores(CLERK, "4", "/customers", register(other))
            .await;
    })
    .await;
}

#[tokio::test]
async fn each_sees_and_does_what_the_roles_allow() {
    on_every_store(async |service, app| {
        let teapot = product(service, 5).await;
        let (ada, bo) = (Id::<Customer>::from_name("ada"), Id::from_name("bo"));
        for (key, customer) in [("1", ada), ("2", bo)] {
            let order = basket(Id::new(), customer, teapot, 1);
            service.stores(CLERK, key, "/orders", order).await;
        }
        app.settled(LONG).await.unwrap();
        let name: &'static str = ada.to_string().leak();
        let customer = Who("north", name, "customer");
        let (_, own) = service.get(customer, "/orders").await;
        assert_eq!(own.as_array().unwrap().len(), 1, "{own}");
        assert_eq!(own[0]["customer"], json!(ada));
        let (status, _) = service.get(customer, "/sales").await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let restock = json!({ "id": teapot, "quantity": 1 });
        let (status, _) = service
            .post(customer, "3", "/products/stock", restock)
            .await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, _) = service.get(Who("north", "", ""), "/orders").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    })
    .await;
}

#[tokio::test]
async fn a_list_comes_in_pages() {
    on_every_store(async |service, app| {
        for _ in 0..5 {
            product(service, 1).await;
        }
        app.settled(LONG).await.unwrap();
        let mut seen = Vec::new();
        let mut path = String::from("/products?limit=2");
        loop {
            let (status, page) = service.get(CLERK, &path).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            let rows = page.as_array().unwrap();
            seen.extend(
                rows.iter()
                    .map(|row| row["product"].as_str().unwrap().to_owned()),
            );
            match rows.last() {
                Some(last) if rows.len() == 2 => {
                    let key = last["product"].as_str().unwrap();
                    path = format!("/products?limit=2&from={key}");
                }
                _ => break,
            }
        }
        assert!(seen.is_sorted() && seen.len() == 5, "{seen:?}");
        let (status, told) = service.get(CLERK, "/products?order_by=prize_cents").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(
            told["error"].as_str().unwrap().contains("price_cents"),
            "{told}"
        );
    })
    .await;
}

#[tokio::test]
async fn mistakes_of_a_client_are_told_in_one_form() {
    on_every_store(async |service, _| {
        let id = Id::<Order>::new();
        let (status, told) = service.get(CLERK, &format!("/orders/{id}")).await;
        assert_eq!(
            (status, &told["error"]),
            (StatusCode::NOT_FOUND, &json!("the order does not exist"))
        );
        let (status, _) = service.get(CLERK, "/orders/7").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let (status, _) = service
            .post(CLERK, "1", "/orders/payment", json!({ "id": id }))
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let (status, _) = service.post(CLERK, "2", "/orders/payment", json!({})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let (status, _) = service.get(CLERK, "/orders?after=yesterday").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let nobody = basket(id, Id::new(), Id::new(), 1);
        let (status, _) = service.post(CLERK, "3", "/orders", nobody).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let empty = json!({ "id": id, "customer": Id::<Customer>::new(), "lines": [] });
        let (status, _) = service.post(CLERK, "4", "/orders", empty).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test]
async fn the_seed_is_sown_once() {
    on_every_store(async |_, app| {
        seed::seed(app).await.unwrap();
        seed::seed(app).await.unwrap();
        app.settled(LONG).await.unwrap();
        let offers = app
            .read::<crate::screens::ProductOffer>()
            .query("order by in_stock", ())
            .await
            .unwrap();
        let in_stock: Vec<i64> = offers.iter().map(|offer| offer.in_stock).collect();
        assert_eq!(in_stock, [3, 11, 30, 44, 150, 197]);
    })
    .await;
}

#[test]
fn what_is_stored_stays_readable() {
    intent_runtime::lock::check!(shop());
}
