//! R3: an event that cannot be applied holds back its tenant from there on, wherever it stands, and a view equals its rebuild.

use std::collections::BTreeMap;

use intent_runtime::{Recorded, prelude::*};

use super::{domain::*, fixture::on_every_store, steps::store::Stepped};

/// Payments over a limit cannot be applied.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "fragile", created_by(Opened), events(Paid => Self::paid))]
struct Fragile {
    #[key]
    account: Id<Account>,
    cents: i64,
    payments: i64,
}

impl Fragile {
    fn paid(&mut self, event: &Recorded<Paid>) {
        assert!(event.amount < POISON, "too much");
        self.cents += event.amount;
        self.payments += 1;
    }
}

const POISON: i64 = 1_000_000;

fn fragile() -> Domain {
    Domain::of::<Account>().read_model::<Fragile>()
}

/// A tenant with an account, and what its payments came to before one was poisoned and in all.
struct Customer {
    tenant: Tenant,
    id: Id<Account>,
    before: (i64, i64),
    all: (i64, i64),
    poison: Option<CommandId>,
}

impl Customer {
    async fn new(app: &App) -> Self {
        let tenant = app.tenant(TenantId::new());
        let id = opened(&tenant, "north").await;
        Self {
            tenant,
            id,
            before: (0, 0),
            all: (0, 0),
            poison: None,
        }
    }

    async fn pays(&mut self, amount: i64) {
        pay(&self.tenant, self.id, amount).await;
        self.all = (self.all.0 + amount, self.all.1 + 1);
        if self.poison.is_none() {
            self.before = self.all;
        }
    }

    /// Pays what cannot be applied.
    async fn pays_poison(&mut self) {
        let command_id = CommandId::new();
        let options = SendOptions::new().command_id(command_id);
        let pay = Pay {
            id: self.id,
            amount: POISON,
        };
        self.tenant.send_with(pay, options).await.unwrap();
        self.poison = Some(command_id);
    }

    async fn row(&self) -> (i64, i64) {
        let row = self.tenant.read::<Fragile>().get(self.id).await;
        let row = row.unwrap().unwrap();
        (row.cents, row.payments)
    }

    /// The event that holds the tenant back.
    async fn held_by(&self) -> Option<EventId> {
        let end = self.tenant.cursor_at(Timestamp::now()).await.unwrap();
        match self.tenant.wait_for::<Fragile>(end, LONG).await {
            Ok(()) => None,
            Err(WaitError::HeldBack { event, .. }) => Some(event),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Waits until all is read, and tells whether a tenant is held back.
async fn reads_all(app: &App) -> bool {
    match app.settled(LONG).await {
        Ok(()) => false,
        Err(WaitError::HeldBack { .. }) => true,
        Err(other) => panic!("{other:?}"),
    }
}

/// Settles, and makes sure that those with a poisoned event are held back by it, and no others.
async fn are_as_they_should_be(app: &App, customers: &[Customer]) {
    let is_held_back = reads_all(app).await;
    let is_poisoned = customers.iter().any(|customer| customer.poison.is_some());
    assert_eq!(is_held_back, is_poisoned);
    for customer in customers {
        let culprit = customer.poison.map(|command| EventId::of(command, 0));
        assert_eq!(customer.held_by().await, culprit);
        assert_eq!(customer.row().await, customer.before);
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_is_found_at_each_place_of_a_page() {
    const PAGE: usize = 4;
    const EVENTS: usize = 2 * PAGE + 1;
    on_every_store(fragile, async |app| {
        let mut customers = Vec::new();
        for poisoned in (0..EVENTS)
            .map(|at| vec![at])
            .chain([vec![3, 4], vec![1, 2]])
        {
            let runner = Stepped::in_pages_of(PAGE, &app);
            let runner = App::on(runner, fragile()).await.unwrap();
            // Everything before is written, so that the pages begin here.
            let workers = runner.start().await.unwrap();
            let mut new = Vec::new();
            for _ in 0..3 {
                new.push(Customer::new(&app).await);
            }
            reads_all(&app).await;
            workers.stop(LONG).await.unwrap();
            for at in 0..EVENTS {
                match poisoned.contains(&at) {
                    true => new[at % 3].pays_poison().await,
                    false => new[at % 3].pays(at as i64 + 1).await,
                }
            }
            let workers = runner.start().await.unwrap();
            are_as_they_should_be(&app, &new).await;
            workers.stop(LONG).await.unwrap();
            customers.extend(new);
        }
        skipped_and_rebuilt(&app, &customers).await;
    })
    .await;
}

/// Leaves the poisoned events out, and compares the rows with those of a rebuild.
async fn skipped_and_rebuilt(app: &App, customers: &[Customer]) {
    let workers = app.start().await.unwrap();
    for customer in customers {
        if let Some(command) = customer.poison {
            let skipped = app.skip::<Fragile>(EventId::of(command, 0), "a test");
            skipped.by("ada").await.unwrap();
        }
    }
    let rows = async || {
        let mut rows = BTreeMap::new();
        for customer in customers {
            // It is tried when the others are as far as the log.
            while customer.held_by().await.is_some() {
                tokio::task::yield_now().await;
            }
            assert_eq!(customer.row().await, customer.all);
            rows.insert(customer.id.as_uuid(), customer.row().await);
        }
        rows
    };
    let before = rows().await;
    app.rebuild::<Fragile>().await.unwrap();
    app.settled(LONG).await.unwrap();
    assert_eq!(rows().await, before, "a view equals its rebuild");
    workers.stop(LONG).await.unwrap();
}

#[tokio::test]
async fn a_hundred_tenants_go_on_beside_one_that_is_held_back() {
    on_every_store(fragile, async |app| {
        let workers = app.start().await.unwrap();
        let mut customers = Vec::new();
        for _ in 0..101 {
            customers.push(Customer::new(&app).await);
        }
        customers[50].pays_poison().await;
        for turn in 1..=3 {
            for customer in &mut customers {
                customer.pays(turn).await;
            }
        }
        are_as_they_should_be(&app, &customers).await;
        let (_, status) = workers.status().next().unwrap();
        assert_eq!(status.parked, 1);
        workers.stop(LONG).await.unwrap();
        skipped_and_rebuilt(&app, &customers).await;
    })
    .await;
}
