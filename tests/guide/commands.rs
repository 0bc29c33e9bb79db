//! Chapter "Commands".

use intent_runtime::{App, prelude::*, store::MemoryStore};

#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(created_by(Opened), events(Deposited, Withdrawn, Moved, Closed))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
    #[on(Moved = |e| Some(e.to.clone()))]
    address: Option<String>,
    #[on(Closed = |e| Some(e.at))]
    closed: Option<Timestamp>,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

#[event]
pub struct Withdrawn {
    pub amount: i64,
}

#[event]
pub struct Moved {
    pub to: String,
}

#[event]
pub struct Closed {
    pub at: Timestamp,
}

// ANCHOR: commands
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("balance {balance} does not cover {asked}")]
    Overdrawn { balance: i64, asked: i64 },
}

#[commands]
impl Account {
    /// Opens an account.
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    /// Puts money in.
    #[handle]
    pub fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }

    /// Takes money out, as far as there is any.
    #[handle]
    pub fn withdraw(&self, amount: i64) -> Result<Withdrawn, Refused> {
        if amount > self.balance {
            return Err(Refused::Overdrawn {
                balance: self.balance,
                asked: amount,
            });
        }
        Ok(Withdrawn { amount })
    }

    /// Closes it; a second time there is nothing to do.
    #[handle]
    pub fn close(&self, ctx: &Context) -> Option<Closed> {
        self.closed.is_none().then(|| Closed { at: ctx.now() })
    }

    #[handle(Relocate)]
    pub fn relocate(&self, command: Relocate) -> Moved {
        Moved { to: command.to }
    }
}

/// A command with a struct of its own, for long or shared ones.
#[command]
pub struct Relocate {
    #[id]
    pub account: Id<Account>,
    pub to: String,
}
// ANCHOR_END: commands

#[tokio::test]
async fn commands_are_sent() {
    let app = App::on(MemoryStore::new(), Domain::of::<Account>())
        .await
        .unwrap();
    // ANCHOR: send
    let id = Id::<Account>::new();
    app.send(Open {
        id,
        owner: "Ada".into(),
    })
    .await
    .unwrap();
    let receipt = app.send(Deposit { id, amount: 5 }).await.unwrap();
    assert_eq!(receipt.version, Version::new(2));

    match app.send(Withdraw { id, amount: 7 }).await {
        Err(SendError::Rejected(Refused::Overdrawn { balance, .. })) => assert_eq!(balance, 5),
        other => panic!("{other:?}"),
    }
    // ANCHOR_END: send

    // ANCHOR: options
    let command_id = CommandId::new();
    let options = || {
        SendOptions::new()
            .command_id(command_id)
            .metadata(Metadata::new().actor("ada").source("web"))
            .expect_version(Version::new(2))
    };
    let command = Relocate {
        account: id,
        to: "Eindhoven".into(),
    };
    let first = app.send_with(command.clone(), options()).await.unwrap();
    let second = app.send_with(command, options()).await.unwrap();
    assert_eq!(first.version, second.version);
    assert!(second.repeated);
    // ANCHOR_END: options

    // ANCHOR: from_name
    let booked: Timestamp = "2024-02-29T12:00:00Z".parse().unwrap();
    for repeated in [false, true] {
        let options = SendOptions::new()
            .command_id(CommandId::from_name(booked, "statement 2024-02, line 17"))
            .metadata(Metadata::new().timestamp(booked));
        let line = Deposit { id, amount: 3 };
        let receipt = app.send_with(line, options).await.unwrap();
        assert_eq!(receipt.repeated, repeated);
    }
    // ANCHOR_END: from_name

    answers(&app, id).await;
    app.send(Close { id }).await.unwrap();
    let account = app.load(id).await.unwrap();
    assert_eq!(account.version(), Version::new(8));
    assert_eq!((account.owner.as_str(), account.balance), ("Ada", 8));
    assert!(account.address.is_some() && account.closed.is_some() && account.id == id);
}

#[test]
fn decisions_stand_on_their_own() {
    // ANCHOR: create
    let id = Id::<Account>::new();
    let open = Open {
        id,
        owner: "Ada".into(),
    };
    let (account, events) = Account::create(open, &Context::new()).unwrap();
    assert_eq!(account.owner, "Ada");
    assert_eq!(
        events,
        [Opened {
            owner: "Ada".into()
        }
        .into()]
    );
    // ANCHOR_END: create
}

// ANCHOR: idempotency
/// Answers `POST /deposits` with a status and a text. `key` is the header `Idempotency-Key`.
async fn post_deposit(
    app: &App,
    client: &str,
    key: Option<&str>,
    deposit: Deposit,
) -> (u16, String) {
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return (400, "the header Idempotency-Key is missing".into());
    };
    let command_id = CommandId::from_key(&format!("{client}/{key}"));
    let options = SendOptions::new().command_id(command_id);
    match app.send_with(deposit, options).await {
        // The same for the first request and for each that repeats it.
        Ok(receipt) => (200, format!("version {}", receipt.version)),
        // The key came with another request before.
        Err(error @ SendError::CommandIdReused { .. }) => (422, error.to_string()),
        Err(error @ SendError::NotFound { .. }) => (404, error.to_string()),
        // The client sends it again, under the same key.
        Err(error) => (503, error.to_string()),
    }
}
// ANCHOR_END: idempotency

async fn answers(app: &App, id: Id<Account>) {
    let deposit = |amount| Deposit { id, amount };
    let before = app.load(id).await.unwrap().balance;
    let none = post_deposit(app, "web", None, deposit(7)).await;
    let empty = post_deposit(app, "web", Some(""), deposit(7)).await;
    assert_eq!((none.0, empty.0), (400, 400));
    let first = post_deposit(app, "web", Some("1"), deposit(7)).await;
    let again = post_deposit(app, "web", Some("1"), deposit(7)).await;
    assert_eq!((first.0, &first), (200, &again));
    let other = post_deposit(app, "web", Some("1"), deposit(8)).await;
    assert_eq!(other.0, 422);
    let client = post_deposit(app, "app", Some("1"), deposit(7)).await;
    assert_eq!(client.0, 200);
    let nobody = Deposit {
        id: Id::new(),
        amount: 7,
    };
    let nobody = post_deposit(app, "web", Some("2"), nobody).await;
    assert_eq!(nobody.0, 404);
    let after = app.load(id).await.unwrap().balance;
    assert_eq!(after - before, 14);
    app.send(Withdraw { id, amount: 14 }).await.unwrap();
}
