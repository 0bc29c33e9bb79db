//! An order, with a type of each sort that a state, a command and a refusal can hold.

use std::collections::BTreeMap;

use intent_runtime::prelude::*;

#[value]
#[derive(Copy, Default)]
pub struct Money {
    pub cents: i64,
}

#[value]
pub struct Line {
    pub article: String,
    pub price: Money,
}

/// Neither serde's traits nor `Debug`.
#[derive(Clone, Default)]
pub struct Secret;

/// `Debug` alone.
#[derive(Clone, Debug, Default)]
pub struct Trail(Vec<&'static str>);

/// How an order is sent, with each shape that a variant can have.
#[value]
pub enum Delivery {
    Collected,
    Post(Address),
    Courier { name: String, fee: Option<Money> },
    Shared(String, u8),
}

#[value]
pub struct Address {
    pub city: String,
}

#[derive(Aggregate, Clone)]
#[aggregate(
    created_by(Placed),
    events(Added, Noted, Cancelled),
    retired("Flagged")
)]
pub struct Order {
    #[id]
    id: Id<Order>,
    #[on(Placed = |e| e.customer.clone())]
    pub customer: String,
    #[on(Added => |lines, e| lines.extend(e.lines.clone()))]
    pub lines: Vec<Line>,
    #[on(Noted => |notes, e| { notes.insert(e.key, e.text.clone()); })]
    pub notes: BTreeMap<i32, String>,
    #[on(Noted => |pairs, e| { pairs.insert((e.key, e.key), 1); })]
    pub pairs: BTreeMap<(i32, i32), u8>,
    #[on(Placed => |trail, _| trail.0.push("placed"), Cancelled => |trail, _| trail.0.push("cancelled"))]
    pub trail: Trail,
    pub secret: Secret,
}

#[event]
pub struct Placed {
    pub customer: String,
}

#[event(version = 2)]
pub struct Added {
    pub lines: Vec<Line>,
    #[since(2, default = "counter".into())]
    pub channel: String,
}

#[event]
pub struct Noted {
    pub key: i32,
    pub text: String,
}

#[event]
pub struct Cancelled;

/// A refusal with serde.
#[derive(Debug, PartialEq, serde::Serialize, thiserror::Error)]
pub enum Declined {
    #[error("more than {limit} lines")]
    TooMany { limit: usize },
}

/// A refusal without serde.
#[derive(Debug, thiserror::Error)]
#[error("there are lines")]
pub struct NotEmpty(#[source] std::fmt::Error);

#[commands]
impl Order {
    #[create]
    pub fn place(customer: String) -> Placed {
        Placed { customer }
    }

    #[handle]
    pub fn add(&self, lines: Vec<Line>) -> Result<Option<Added>, Declined> {
        if self.lines.len() + lines.len() > 3 {
            return Err(Declined::TooMany { limit: 3 });
        }
        let channel = String::from("web");
        Ok((!lines.is_empty()).then_some(Added { lines, channel }))
    }

    #[handle]
    pub fn note(&self, key: i32, #[serde(alias = "what", default)] text: String) -> Noted {
        Noted { key, text }
    }

    /// Notes what it was given, as JSON.
    #[handle]
    pub fn weigh(
        &self,
        fees: BTreeMap<i32, Money>,
        ways: Vec<Delivery>,
        measures: Option<(f32, f64, u128)>,
        at: Timestamp,
        rest: serde_json::Value,
    ) -> Noted {
        let text = serde_json::to_string(&(fees, ways, measures, at, rest)).unwrap();
        Noted { key: 9, text }
    }

    #[handle(allow("manager"))]
    pub fn cancel(&self) -> Result<Cancelled, NotEmpty> {
        match self.lines.is_empty() {
            true => Ok(Cancelled),
            false => Err(NotEmpty(std::fmt::Error)),
        }
    }
}

/// An aggregate with snapshots, whose serde attributes count where it is shown.
#[derive(Aggregate, Clone)]
#[aggregate(created_by(Begun), events(), snapshot(every = 100))]
pub struct Meter {
    #[id]
    id: Id<Meter>,
    #[on(Begun = |e| e.reading)]
    #[serde(rename = "value")]
    reading: u64,
}

#[event]
pub struct Begun {
    pub reading: u64,
}

#[commands]
impl Meter {
    #[create]
    pub fn begin(reading: u64) -> Begun {
        Begun { reading }
    }
}

/// What a form has beside its own fields.
#[value]
#[derive(Default)]
pub struct Extra {
    #[serde(default)]
    pub hint: String,
}

#[command]
pub struct Remark {
    #[id]
    pub order: Id<Order>,
    #[serde(flatten)]
    pub extra: Extra,
}

impl Decide<Remark> for Order {
    type Error = std::convert::Infallible;

    fn decide(
        _: Option<&Self>,
        command: Remark,
        _: &Context,
    ) -> Result<intent_runtime::Decision<Self>, Self::Error> {
        let text = command.extra.hint;
        Ok(intent_runtime::Decision::events(Noted { key: 0, text }))
    }
}

pub fn shop() -> Domain {
    Domain::of::<Order>()
        .command::<Remark>()
        .aggregate::<Meter>()
        .roles(["clerk", "manager"])
}

/// The JSON of a command with a line of each article.
pub fn add(id: Id<Order>, articles: &[&str]) -> String {
    let line = |article| serde_json::json!({ "article": article, "price": { "cents": 5 } });
    let lines: Vec<_> = articles.iter().map(line).collect();
    serde_json::json!({ "id": id, "lines": lines }).to_string()
}

pub async fn placed(app: &App) -> Id<Order> {
    let id = Id::new();
    let customer = String::from("Ada");
    app.send(Place { id, customer }).await.unwrap();
    id
}
