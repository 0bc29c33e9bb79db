//! A bank whose numbers are easy to check.

use std::time::Duration;

use intent_runtime::{Recorded, prelude::*};

/// Long enough for whatever a test waits for.
pub const LONG: Duration = Duration::from_secs(60);

#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Opened), events(Paid => (), Named, Moved, Closed => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.branch.clone(), Moved = |e| e.to.clone())]
    branch: String,
    #[on(Named = |e| e.name.clone())]
    name: String,
}

#[event]
pub struct Opened {
    pub branch: String,
}
#[event]
pub struct Paid {
    pub amount: i64,
}
#[event]
pub struct Named {
    pub name: String,
}
#[event]
pub struct Moved {
    pub from: String,
    pub to: String,
}
#[event]
pub struct Closed;

#[commands]
impl Account {
    #[create]
    pub fn open(branch: String) -> Opened {
        Opened { branch }
    }
    #[handle]
    pub fn pay(&self, amount: i64) -> Paid {
        Paid { amount }
    }
    #[handle]
    pub fn rename(&self, name: String) -> Named {
        Named { name }
    }
    #[handle(name = MoveTo)]
    pub fn move_to(&self, to: String) -> Moved {
        let from = self.branch.clone();
        Moved { from, to }
    }
    #[handle]
    pub fn close(&self) -> Closed {
        Closed
    }
}

/// A row for each account.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(created_by(Opened), events(Paid, Named, Moved), removed_by(Closed))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[index]
    #[on(Opened = |e| e.branch.clone(), Moved = |e| e.to.clone())]
    pub branch: String,
    #[on(Paid += |e| e.amount)]
    pub cents: i64,
    /// How many payments were counted.
    #[on(Paid += 1)]
    pub payments: i64,
    #[on(Named = |e| Some(e.name.clone()))]
    pub name: Option<String>,
    #[on(Paid => |all, e| all.push(e.amount))]
    pub all: Json<Vec<i64>>,
    #[on(Paid = |e| Some(e.occurred_at()))]
    pub last: Option<Timestamp>,
}

/// A row for each branch: how many accounts it has, and what came in.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "branches", events(
    Opened by |e| e.branch.clone(),
    Moved by |e| [e.from.clone(), e.to.clone()] => Self::moved,
))]
pub struct Branch {
    #[key]
    pub name: String,
    #[on(Opened += 1)]
    pub accounts: i64,
}

impl Branch {
    fn moved(&mut self, event: &Recorded<Moved>) {
        if self.name == event.from {
            self.accounts -= 1;
        }
        if self.name == event.to {
            self.accounts += 1;
        }
    }
}

/// A row for each branch, by the link of an account to it: what came in while it was there.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "received",
    links(Opened => |e| e.branch.clone(), Moved => |e| e.to.clone()),
    events(Paid by link)
)]
pub struct Received {
    #[key]
    pub branch: String,
    #[on(Paid += |e| e.amount)]
    pub cents: i64,
}

pub fn domain() -> Domain {
    Domain::of::<Account>()
        .read_model::<Balance>()
        .read_model::<Branch>()
        .read_model::<Received>()
}

pub async fn opened(tenant: &Tenant, branch: &str) -> Id<Account> {
    let id = Id::new();
    let branch = branch.to_owned();
    tenant.send(Open { id, branch }).await.unwrap();
    id
}

pub async fn pay(tenant: &Tenant, id: Id<Account>, amount: i64) -> Receipt<Account> {
    tenant.send(Pay { id, amount }).await.unwrap()
}
