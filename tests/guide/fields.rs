//! Chapter "Fields of other crates".

use std::time::SystemTime;

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

// ANCHOR: money
/// An amount in the one currency of the shop, to the cent.
#[value]
#[derive(Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct Money(Decimal);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has more than two decimals")]
pub struct NotToTheCent(Decimal);

impl TryFrom<Decimal> for Money {
    type Error = NotToTheCent;

    fn try_from(amount: Decimal) -> Result<Self, NotToTheCent> {
        // Without zeros at the end: 1.50 is stored as 1.5.
        let amount = amount.normalize();
        match amount.scale() {
            0..=2 => Ok(Self(amount)),
            _ => Err(NotToTheCent(amount)),
        }
    }
}

impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        money.0
    }
}

/// `None` where the result does not fit.
impl Money {
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::exact(self.0.checked_add(other.0)?)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::exact(self.0.checked_sub(other.0)?)
    }

    pub fn checked_mul(self, pieces: u32) -> Option<Self> {
        Self::exact(self.0.checked_mul(pieces.into())?)
    }

    /// A decimal has room for some 28 digits and rounds to make others fit. Below this limit it never rounds cents.
    fn exact(amount: Decimal) -> Option<Self> {
        let limit = Decimal::from(1_000_000_000_000_000_000_i64);
        (amount.abs() < limit).then(|| Self(amount.normalize()))
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}
// ANCHOR_END: money

// ANCHOR: added
#[derive(Aggregate, Debug)]
#[aggregate(created_by(Started), events(Added => Self::added))]
pub struct Basket {
    #[id]
    id: Id<Basket>,
    total: Money,
}

impl Basket {
    fn added(&mut self, event: &Added) -> Result<(), Overflow> {
        let price = event.price.checked_mul(event.pieces);
        let total = price.and_then(|price| self.total.checked_add(price));
        self.total = total.ok_or_else(|| Overflow::of::<Self>(Added::NAME, "total"))?;
        Ok(())
    }
}

#[event]
pub struct Started;

#[event]
pub struct Added {
    pub price: Money,
    pub pieces: u32,
}
// ANCHOR_END: added

#[test]
fn times_of_other_crates_are_made_of_ours() {
    let now: Timestamp = "2026-03-01T09:00:00.123456Z".parse().unwrap();
    // ANCHOR: times
    let due = DateTime::<Utc>::from(SystemTime::from(now)) + chrono::Duration::days(14);
    let back = Timestamp::from(SystemTime::from(due));
    // ANCHOR_END: times
    assert_eq!(due.to_rfc3339(), "2026-03-15T09:00:00.123456+00:00");
    assert_eq!(back.to_string(), "2026-03-15T09:00:00.123456Z");
}

fn money(text: &str) -> Money {
    serde_json::from_str(&format!("{text:?}")).unwrap()
}

#[test]
fn money_is_to_the_cent() {
    let error = serde_json::from_str::<Money>(r#""0.125""#).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("0.125 has more than two decimals"),
        "{error}"
    );
    assert_eq!(serde_json::to_string(&money("1.50")).unwrap(), r#""1.5""#);
    assert_eq!(money("-0.00"), Money::default());
    assert_eq!(money("1.5").to_string(), "1.50");
    assert_eq!(money("0.10").checked_mul(3), Some(money("0.3")));
    assert_eq!(money("1").checked_sub(money("0.01")), Some(money("0.99")));
    let most = money("999999999999999999.99");
    assert_eq!(most.checked_add(money("0.01")), None);
    assert_eq!(most.checked_mul(u32::MAX), None);
    let schema = serde_json::to_value(schemars::schema_for!(Money)).unwrap();
    let decimal = serde_json::to_value(schemars::schema_for!(Decimal)).unwrap();
    assert_eq!(schema["pattern"], decimal["pattern"], "{schema}");
    assert_eq!(schema["type"], decimal["type"], "{schema}");
}

#[test]
fn a_sum_that_does_not_fit_is_an_error() {
    let id = Id::new();
    let added = |price: &str, pieces| {
        let price = money(price);
        Added { price, pieces }.into()
    };
    let history = [Started.into(), added("0.10", 3), added("1", 1)];
    let basket = Basket::rehydrate(id, history).unwrap().unwrap();
    assert_eq!((basket.id, basket.total), (id, money("1.3")));
    let history = [Started.into(), added("999999999999999999.99", 2)];
    let error = Basket::rehydrate(id, history).unwrap_err();
    assert!(
        error.to_string().contains("overflows `total` of Basket"),
        "{error}"
    );
}
