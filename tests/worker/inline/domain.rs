//! Customers, with one e-mail address each.

use intent_runtime::{Emitted, prelude::*};

#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Registered), events(Addressed, Visited, Renamed, Left => (), Returned => ()))]
pub struct Customer {
    #[id]
    id: Id<Customer>,
    #[on(Registered = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    email: String,
    #[on(Visited += |e| e.pages)]
    pages: i64,
    #[on(Renamed = |e| e.name.clone())]
    name: String,
}

#[event]
pub struct Registered {
    pub email: String,
}
#[event]
pub struct Addressed {
    pub email: String,
}
#[event]
pub struct Visited {
    pub pages: i64,
}
#[event]
pub struct Renamed {
    pub name: String,
}
#[event]
pub struct Left;
#[event]
pub struct Returned {
    pub email: String,
}

impl Customer {
    pub fn pages(&self) -> i64 {
        self.pages
    }
}

#[commands]
impl Customer {
    #[create]
    pub fn register(email: String) -> Registered {
        Registered { email }
    }
    #[handle]
    pub fn address(&self, email: String) -> Addressed {
        Addressed { email }
    }
    #[handle]
    pub fn visit(&self, pages: i64) -> Visited {
        Visited { pages }
    }
    /// Several events at once.
    #[handle]
    pub fn browse(&self, visits: Vec<i64>) -> Vec<Visited> {
        visits.into_iter().map(|pages| Visited { pages }).collect()
    }
    #[handle]
    pub fn rename(&self, name: String) -> Renamed {
        Renamed { name }
    }
    #[handle]
    pub fn leave(&self) -> Left {
        Left
    }
    #[handle(name = ComeBack)]
    pub fn come_back(&self) -> Returned {
        let email = self.email.clone();
        Returned { email }
    }
}

/// The customers that are there, each under an address of its own.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "customers",
    mode = "inline",
    created_by(Registered, Returned),
    events(Addressed, Visited),
    removed_by(Left)
)]
pub struct Listed {
    #[key]
    pub customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    pub email: String,
    #[on(Visited += |e| e.pages)]
    pub pages: i64,
    /// The version of the last visit.
    #[index]
    #[on(Visited = |e| Some(e.version().get()))]
    pub last: Option<u64>,
    #[on(Visited = |e| Some(e.occurred_at()))]
    pub visited_at: Option<Timestamp>,
    #[on(Visited = |e| e.metadata().ok().and_then(|it| it.actor.clone()))]
    pub visited_by: Option<String>,
    #[on(Visited => |ids, e| ids.push(e.id()))]
    pub visits: Json<Vec<EventId>>,
}

/// The same rows, written by a worker.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "late_customers",
    created_by(Registered, Returned),
    events(Addressed, Visited),
    removed_by(Left)
)]
pub struct Late {
    #[key]
    pub customer: Id<Customer>,
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    pub email: String,
    #[on(Visited += |e| e.pages)]
    pub pages: i64,
    #[on(Visited = |e| Some(e.version().get()))]
    pub last: Option<u64>,
    #[on(Visited = |e| Some(e.occurred_at()))]
    pub visited_at: Option<Timestamp>,
    #[on(Visited = |e| e.metadata().ok().and_then(|it| it.actor.clone()))]
    pub visited_by: Option<String>,
    #[on(Visited => |ids, e| ids.push(e.id()))]
    pub visits: Json<Vec<EventId>>,
}

/// How often each customer was renamed: a second inline model of the same aggregate, in which any event begins a row.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(mode = "inline", events(Renamed => Self::renamed))]
pub struct Names {
    #[key]
    pub customer: Id<Customer>,
    pub times: u8,
    #[unique]
    pub name: Option<String>,
}

impl Names {
    fn renamed(&mut self, event: &Emitted<Renamed>) {
        self.name = Some(event.name.clone()).filter(|name| !name.is_empty());
        // A row that is not to be.
        assert_ne!(event.name, "nobody", "nobody has this name");
        if event.name == "moved" {
            self.customer = Id::new();
        }
        self.times += 1;
    }
}

pub fn domain() -> Domain {
    Domain::of::<Customer>()
        .read_model::<Listed>()
        .read_model::<Late>()
        .read_model::<Names>()
}

/// Customers without read models: a build that knows none of them.
pub fn without_models() -> Domain {
    Domain::of::<Customer>()
}

pub async fn registered(tenant: &Tenant, email: &str) -> Id<Customer> {
    let id = Id::new();
    let email = email.to_owned();
    tenant.send(Register { id, email }).await.unwrap();
    id
}

/// The row of a customer.
pub async fn listed(tenant: &Tenant, id: Id<Customer>) -> Option<Listed> {
    tenant.read::<Listed>().get(id).await.unwrap()
}
