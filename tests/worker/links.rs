//! Events that lead to rows by keys which an earlier event of their aggregate named.

use intent_runtime::{error::DomainMistake, prelude::*};

use super::{domain::*, fixture::on_every_store};

/// What came in at each branch: the one that an account was moved to last.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "moved_to",
    links(Moved => |e| e.to.clone()),
    events(Moved by link, Paid by link)
)]
struct MovedTo {
    #[key]
    branch: String,
    #[on(Moved += 1)]
    moves: i64,
    #[on(Paid += |e| e.amount)]
    cents: i64,
}

fn moved_to() -> Domain {
    Domain::of::<Account>().read_model::<MovedTo>()
}

async fn move_to(tenant: &Tenant, id: Id<Account>, to: &str) -> Receipt<Account> {
    let to = to.to_owned();
    tenant.send(MoveTo { id, to }).await.unwrap()
}

/// The rows, as branch, moves and cents.
async fn rows(tenant: &Tenant) -> Vec<(String, i64, i64)> {
    let rows = tenant.read::<MovedTo>().query("order by branch", ()).await;
    let rows = rows.unwrap().into_iter();
    rows.map(|row| (row.branch, row.moves, row.cents)).collect()
}

fn row(branch: &str, moves: i64, cents: i64) -> (String, i64, i64) {
    (branch.to_owned(), moves, cents)
}

#[tokio::test]
async fn an_event_goes_to_the_key_that_its_aggregate_is_linked_to_at_its_place() {
    on_every_store(moved_to, async |app| {
        let id = opened(&app, "north").await;
        // Nothing is linked yet.
        pay(&app, id, 1).await;
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(rows(&app).await, []);
        // The event that links goes to the new key.
        move_to(&app, id, "south").await;
        pay(&app, id, 2).await;
        app.settled(LONG).await.unwrap();
        assert_eq!(rows(&app).await, [row("south", 1, 2)]);
        // Others do not see it.
        let other = opened(&app, "north").await;
        pay(&app, other, 4).await;
        pay(&app, id, 8).await;
        move_to(&app, id, "west").await;
        pay(&app, id, 16).await;
        app.settled(LONG).await.unwrap();
        let both = [row("south", 1, 10), row("west", 1, 16)];
        assert_eq!(rows(&app).await, both);
        workers.stop(LONG).await.unwrap();
        // All of it in one page.
        let app = App::on(&app, moved_to()).await.unwrap();
        let workers = app.start().await.unwrap();
        app.rebuild::<MovedTo>().await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(rows(&app).await, both);
        // A link that another process has stored.
        pay(&app, id, 32).await;
        app.settled(LONG).await.unwrap();
        assert_eq!(rows(&app).await, [row("south", 1, 10), row("west", 1, 48)]);
        assert_eq!(app.check().await.unwrap().len(), 1, "but for access rules");
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_id_in_two_tenants_has_two_links() {
    on_every_store(moved_to, async |app| {
        let tenants = [app.tenant(TenantId::DEFAULT), app.tenant(TenantId::new())];
        let id = Id::new();
        let workers = app.start().await.unwrap();
        for (tenant, to) in tenants.iter().zip(["south", "west"]) {
            let branch = "north".to_owned();
            tenant.send(Open { id, branch }).await.unwrap();
            move_to(tenant, id, to).await;
            app.settled(LONG).await.unwrap();
        }
        for (tenant, amount) in tenants.iter().zip([1, 2]) {
            pay(tenant, id, amount).await;
        }
        app.settled(LONG).await.unwrap();
        assert_eq!(rows(&tenants[0]).await, [row("south", 1, 1)]);
        assert_eq!(rows(&tenants[1]).await, [row("west", 1, 2)]);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// What came in at the branches with each letter of an account's name, or at none.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    links(
        Opened => |e| Some((e.branch.clone(), false)),
        Named => |e| e.name.chars().map(|letter| (letter.to_string(), true)).collect::<Vec<_>>(),
        Closed => |_| None::<(String, bool)>,
    ),
    events(Paid by link)
)]
struct Letters {
    #[key]
    branch: String,
    #[key]
    is_letter: bool,
    #[on(Paid += |e| e.amount)]
    cents: i64,
}

#[tokio::test]
async fn a_link_has_any_number_of_keys_of_several_fields() {
    let domain = || Domain::of::<Account>().read_model::<Letters>();
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        let rename = |name: &str| {
            let name = name.to_owned();
            app.send(Rename { id, name })
        };
        for (name, amount) in [(None, 1), (Some("ab"), 2), (Some("\"b"), 4), (Some(""), 8)] {
            if let Some(name) = name {
                rename(name).await.unwrap();
            }
            pay(&app, id, amount).await;
            app.settled(LONG).await.unwrap();
        }
        let rows = app.read::<Letters>().query("order by branch", ()).await;
        let rows = rows.unwrap().into_iter();
        let rows: Vec<_> = rows
            .map(|row| (row.branch, row.is_letter, row.cents))
            .collect();
        let row = |branch: &str, is_letter, cents| (branch.to_owned(), is_letter, cents);
        let wanted = [
            row("\"", true, 4),
            row("a", true, 2),
            row("b", true, 6),
            row("north", false, 1),
        ];
        assert_eq!(rows, wanted);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// Payments over a limit cannot be applied.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(links(Opened => |e| e.branch.clone(), Moved => |e| e.to.clone()), events(Paid by link => Self::paid))]
struct Limited {
    #[key]
    branch: String,
    cents: i64,
}

impl Limited {
    fn paid(&mut self, event: &Recorded<Paid>) {
        assert!(event.amount < 100, "too much");
        self.cents += event.amount;
    }
}

#[tokio::test]
async fn a_tenant_that_is_held_back_goes_on_with_the_links_of_that_place() {
    let domain = || Domain::of::<Account>().read_model::<Limited>();
    on_every_store(domain, async |app| {
        let [good, bad] = [TenantId::new(), TenantId::new()].map(|id| app.tenant(id));
        let (of_good, of_bad) = (opened(&good, "a").await, opened(&bad, "b").await);
        pay(&bad, of_bad, 1).await;
        let much = pay(&bad, of_bad, 100).await;
        pay(&bad, of_bad, 2).await;
        move_to(&bad, of_bad, "c").await;
        pay(&bad, of_bad, 4).await;
        move_to(&good, of_good, "d").await;
        let last = pay(&good, of_good, 8).await;
        let workers = app.start().await.unwrap();
        good.wait_for::<Limited>(&last, LONG).await.unwrap();
        let held = bad.wait_for::<Limited>(&much, LONG).await.unwrap_err();
        let WaitError::HeldBack { event, .. } = held else {
            panic!("{held:?}");
        };
        app.skip::<Limited>(event, "too much").await.unwrap();
        app.settled(LONG).await.unwrap();
        let cents = async |tenant: &Tenant| {
            let rows = tenant.read::<Limited>().query("order by branch", ()).await;
            let rows = rows.unwrap().into_iter();
            rows.map(|row| (row.branch, row.cents)).collect::<Vec<_>>()
        };
        assert_eq!(cents(&good).await, [("d".to_owned(), 8)]);
        let of_bad = [("b".to_owned(), 3), ("c".to_owned(), 4)];
        assert_eq!(cents(&bad).await, of_bad);
        app.rebuild::<Limited>().await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(cents(&bad).await, of_bad);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// A key that no index takes.
#[tokio::test]
async fn a_link_to_a_key_that_is_too_long_holds_back_its_tenant() {
    on_every_store(moved_to, async |app| {
        let id = opened(&app, "north").await;
        let moved = move_to(&app, id, &"x".repeat(2_001)).await;
        let workers = app.start().await.unwrap();
        let held = app.wait_for::<MovedTo>(&moved, LONG).await.unwrap_err();
        let WaitError::HeldBack { reason, .. } = held else {
            panic!("{held:?}");
        };
        assert!(reason.contains("text of 2001 bytes"), "{reason}");
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(links(loan::Granted => |e| e.branch.clone()), events(Paid by link))]
struct Unlinked {
    #[key]
    branch: String,
    #[on(Paid += |e| e.amount)]
    cents: i64,
}

/// Accounts and loans at each branch.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    links(Opened => |e| e.branch.clone(), loan::Granted => |e| e.branch.clone()),
    events(Paid by link, loan::Repaid by link)
)]
struct Came {
    #[key]
    branch: String,
    #[on(Paid += |e| e.amount, loan::Repaid += |e| e.cents)]
    cents: i64,
}

mod loan {
    use intent_runtime::prelude::*;

    #[derive(Aggregate, Debug, Clone)]
    #[aggregate(created_by(Granted => Self::granted), events(Repaid => ()))]
    pub struct Loan {
        #[id]
        id: Id<Loan>,
    }

    #[event]
    pub struct Granted {
        pub branch: String,
    }
    #[event]
    pub struct Repaid {
        pub cents: i64,
    }

    #[commands]
    impl Loan {
        fn granted(id: Id<Loan>, _: &Granted) -> Self {
            Self { id }
        }
        #[create]
        pub fn grant(branch: String) -> Granted {
            Granted { branch }
        }
        #[handle]
        pub fn repay(&self, cents: i64) -> Repaid {
            Repaid { cents }
        }
    }
}

#[tokio::test]
async fn two_aggregates_have_links_of_their_own() {
    let domain = || {
        Domain::of::<Account>()
            .aggregate::<loan::Loan>()
            .read_model::<Came>()
    };
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let account = opened(&app, "north").await;
        let id = Id::new();
        let branch = "south".to_owned();
        app.send(loan::Grant { id, branch }).await.unwrap();
        app.settled(LONG).await.unwrap();
        pay(&app, account, 1).await;
        app.send(loan::Repay { id, cents: 2 }).await.unwrap();
        app.settled(LONG).await.unwrap();
        let rows = app.read::<Came>().query("order by branch", ()).await;
        let rows = rows.unwrap().into_iter();
        let rows: Vec<_> = rows.map(|row| (row.branch, row.cents)).collect();
        assert_eq!(rows, [("north".to_owned(), 1), ("south".to_owned(), 2)]);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[test]
fn an_event_goes_by_a_link_of_its_own_aggregate() {
    let domain = Domain::of::<Account>().aggregate::<loan::Loan>();
    let error = domain.read_model::<Unlinked>().check().unwrap_err();
    assert_eq!(
        error.mistakes(),
        [DomainMistake::NoLink {
            table: "unlinked",
            aggregate: "Account",
            event: "Paid"
        }]
    );
    assert_eq!(
        error.to_string(),
        "the read model `unlinked` lists `Paid by link`, and no event of Account makes a link: add one to `links(..)`"
    );
}
