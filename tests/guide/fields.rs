//! Chapter "Fields of other crates".

use chrono::{DateTime, Utc};
use intent_runtime::{App, prelude::*};
use rust_decimal::Decimal;
use uuid::Uuid;

// ANCHOR: event
#[event]
pub struct Invoiced {
    pub total: Decimal,
    pub due: DateTime<Utc>,
    pub reference: Uuid,
}

#[derive(Aggregate, Debug)]
#[aggregate(created_by(Invoiced), events(), snapshot(every = 100))]
pub struct Invoice {
    #[id]
    id: Id<Invoice>,
    #[on(Invoiced = |e| e.total)]
    total: Decimal,
    #[on(Invoiced = |e| e.due)]
    due: DateTime<Utc>,
}

#[commands]
impl Invoice {
    #[create]
    pub fn bill(total: Decimal, due: DateTime<Utc>, reference: Uuid) -> Invoiced {
        Invoiced {
            total,
            due,
            reference,
        }
    }
}
// ANCHOR_END: event

#[tokio::test]
async fn they_come_back_to_the_last_digit() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let app = App::connect(&url, Domain::of::<Invoice>()).await.unwrap();
    let id = Id::new();
    let total: Decimal = "79228162514264337593543950.335".parse().unwrap();
    let due: DateTime<Utc> = "2026-03-01T09:00:00.123456789Z".parse().unwrap();
    let reference = Uuid::now_v7();
    let bill = Bill {
        id,
        total,
        due,
        reference,
    };
    app.send(bill).await.unwrap();
    app.snapshot(id).await.unwrap();
    let loaded = app.load(id).await.unwrap();
    assert_eq!((loaded.total, loaded.due), (total, due));
    let history = app.history(id).await.unwrap();
    let invoiced = Invoiced {
        total,
        due,
        reference,
    };
    assert_eq!(history[0].event, invoiced.into());
    // A decimal is text, so that no reader makes a float of it.
    let payload = &history[0].source().payload;
    assert!(
        payload.contains(r#""total":"79228162514264337593543950.335""#),
        "{payload}"
    );
}
