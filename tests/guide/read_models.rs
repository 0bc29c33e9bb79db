//! The code of the chapter "Read models".

use std::{error::Error, time::Duration};

use intent_runtime::prelude::*;

#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Opened), events(Deposited, Closed => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    balance: i64,
}

#[event]
pub struct Opened {
    pub owner: String,
    pub branch: String,
}
#[event]
pub struct Deposited {
    pub branch: String,
    pub amount: i64,
}
#[event]
pub struct Closed;

#[commands]
impl Account {
    #[create]
    pub fn open(owner: String, branch: String) -> Opened {
        Opened { owner, branch }
    }
    #[handle]
    pub fn deposit(&self, branch: String, amount: i64) -> Deposited {
        Deposited { branch, amount }
    }
    #[handle]
    pub fn close(&self) -> Closed {
        Closed
    }
}

// ANCHOR: model
/// A row for each open account.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "balances",
    created_by(Opened),
    events(Deposited),
    removed_by(Closed),
    access(role = "teller"),
    access(role = "customer", own = owner)
)]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[index]
    #[on(Deposited += |e| e.amount)]
    pub balance: i64,
    #[on(Deposited = |e| Some(e.occurred_at()))]
    pub last_deposit: Option<Timestamp>,
}

/// What came in at each branch.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "branches", events(Deposited by |e| e.branch.clone()))]
pub struct Branch {
    #[key]
    pub name: String,
    #[on(Deposited += |e| e.amount)]
    pub came_in: i64,
    #[on(Deposited += 1)]
    pub deposits: i64,
}

pub fn bank() -> Domain {
    Domain::of::<Account>()
        .roles(["teller", "customer"])
        .read_model::<Balance>()
        .read_model::<Branch>()
}
// ANCHOR_END: model

// ANCHOR: links
/// How many accounts each owner has had, and what came in there.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "owners",
    links(Opened => |e| e.owner.clone()),
    events(Opened by link, Deposited by link)
)]
pub struct OwnerTotal {
    #[key]
    pub owner: String,
    #[on(Opened += 1)]
    pub accounts: i64,
    #[on(Deposited += |e| e.amount)]
    pub came_in: i64,
}
// ANCHOR_END: links

// ANCHOR: inline
/// A row for each open account, there when its command is answered.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    mode = "inline",
    created_by(Opened),
    events(Deposited),
    removed_by(Closed)
)]
pub struct Owner {
    #[key]
    pub account: Id<Account>,
    #[unique]
    #[on(Opened = |e| e.owner.clone())]
    pub name: String,
    #[on(Deposited += |e| e.amount)]
    pub balance: i64,
}
// ANCHOR_END: inline

async fn rows(app: &App) -> Result<(), Box<dyn Error>> {
    // ANCHOR: use
    let workers = app.start().await?;

    let id = Id::<Account>::new();
    let (owner, branch) = ("Ada".to_owned(), "Eindhoven".to_owned());
    app.send(Open { id, owner, branch }).await?;
    let branch = "Eindhoven".to_owned();
    let receipt = app
        .send(Deposit {
            id,
            branch,
            amount: 70,
        })
        .await?;

    app.wait_for::<Balance>(&receipt, Duration::from_secs(10))
        .await?;
    let row = app.read::<Balance>().get(id).await?;
    let rich = app
        .read::<Balance>()
        .query("where balance > $1 order by balance desc limit 10", (50,))
        .await?;

    workers.stop(Duration::from_secs(10)).await?;
    // ANCHOR_END: use
    assert_eq!(
        row.map(|row| (row.owner, row.balance)),
        Some(("Ada".to_owned(), 70))
    );
    assert_eq!(rich.len(), 1);
    assert!(rich[0].last_deposit.is_some());
    let branches = app.read::<Branch>().query("", ()).await?;
    let branches = branches
        .iter()
        .map(|row| (row.name.as_str(), row.came_in, row.deposits));
    assert_eq!(branches.collect::<Vec<_>>(), [("Eindhoven", 70, 1)]);
    Ok(())
}

async fn operated(app: &App) -> Result<(), Box<dyn Error>> {
    let workers = app.start().await?;
    // ANCHOR: operate
    app.rebuild::<Balance>().await?;
    app.settled(Duration::from_secs(60)).await?;

    app.pause::<Balance>().await?;
    app.resume::<Balance>().await?;
    // ANCHOR_END: operate
    // ANCHOR: seen
    for model in app.models().await? {
        tracing::info!("{model}");
    }
    for finding in app.check().await? {
        tracing::warn!("{finding}");
        if let Some(sql) = &finding.sql {
            tracing::warn!("{sql}");
        }
    }
    // ANCHOR_END: seen
    // ANCHOR: end
    let end = app.log_end().await?;
    app.wait_for::<Balance>(end, Duration::from_secs(10))
        .await?;
    // ANCHOR_END: end
    assert_eq!(app.read::<Balance>().query("", ()).await?.len(), 1);
    workers.stop(Duration::from_secs(10)).await?;
    Ok(())
}

async fn pages(app: &App) -> Result<(), Box<dyn Error>> {
    // ANCHOR: list
    let list = || {
        app.read::<Balance>()
            .list()
            .order_by("balance")
            .descending()
    };
    let mut page = list().limit(50).await?;
    while let Some(last) = page.last() {
        page = list().limit(50).after(last).await?;
    }
    let of_ada = app.read::<Balance>().list().filter("owner", "Ada").await?;
    // ANCHOR_END: list
    assert_eq!(of_ada.len(), 1);

    // ANCHOR: access
    let ada = app.acting(Actor::new("Ada").role("customer"));
    let own = ada.read::<Balance>().list().await?;

    let refused = ada.read::<Branch>().list().await;
    assert!(matches!(refused, Err(ReadError::Forbidden { .. })));
    // ANCHOR_END: access
    assert_eq!(own.len(), 1);
    let eve = app.acting(Actor::new("Eve").role("customer"));
    assert!(eve.read::<Balance>().list().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn rows_follow_the_log() {
    let app = App::connect("memory:", bank()).await.unwrap();
    rows(&app).await.unwrap();
    operated(&app).await.unwrap();
    pages(&app).await.unwrap();
}

async fn inline(app: &App) -> Result<(), Box<dyn Error>> {
    let (owner, branch) = ("Ada".to_owned(), "Eindhoven".to_owned());
    let open = |id| Open {
        id,
        owner: owner.clone(),
        branch: branch.clone(),
    };
    // ANCHOR: taken
    let id = Id::<Account>::new();
    app.send(open(id)).await?;
    let row = app.read::<Owner>().get(id).await?;

    match app.send(open(Id::new())).await {
        Err(SendError::Taken { model, field }) => assert_eq!((model, field), ("owner", "name")),
        other => panic!("{other:?}"),
    }
    // ANCHOR_END: taken
    assert_eq!(row.map(|row| (row.name, row.balance)), Some((owner, 0)));
    Ok(())
}

#[tokio::test]
async fn an_inline_row_is_there_at_once() {
    let domain = Domain::of::<Account>().read_model::<Owner>();
    let app = App::connect("memory:", domain).await.unwrap();
    inline(&app).await.unwrap();
}

#[tokio::test]
async fn deposits_are_counted_by_owner() -> Result<(), Box<dyn Error>> {
    let domain = Domain::of::<Account>().read_model::<OwnerTotal>();
    let app = App::connect("memory:", domain).await?;
    let workers = app.start().await?;
    for amount in [70, 7] {
        let id = Id::<Account>::new();
        let (owner, branch) = ("Ada".to_owned(), "Eindhoven".to_owned());
        let of_deposit = branch.clone();
        app.send(Open { id, owner, branch }).await?;
        let branch = of_deposit;
        app.send(Deposit { id, branch, amount }).await?;
    }
    app.settled(Duration::from_secs(10)).await?;
    let row = app.read::<OwnerTotal>().get("Ada".to_owned()).await?;
    let row = row.map(|row| (row.accounts, row.came_in));
    assert_eq!(row, Some((2, 77)));
    workers.stop(Duration::from_secs(10)).await?;
    Ok(())
}
