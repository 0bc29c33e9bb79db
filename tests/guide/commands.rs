//! Chapter "Commands".

use intent_runtime::{App, prelude::*, store::MemoryStore};
use schemars::schema_for;

// ANCHOR: account
#[derive(Aggregate, Debug, Clone, PartialEq, serde::Serialize)]
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
// ANCHOR_END: account

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

    /// Closes the account. The second time there is nothing to do.
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

    app.send(Close { id }).await.unwrap();
    let account = app.load(id).await.unwrap();
    assert_eq!(account.version(), Version::new(5));
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

// ANCHOR: validated
#[value]
#[derive(Eq)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("`{0}` is not an e-mail address")]
pub struct NotAnEmail(String);

impl TryFrom<String> for Email {
    type Error = NotAnEmail;

    fn try_from(text: String) -> Result<Self, NotAnEmail> {
        match text.split_once('@') {
            Some((name, host)) if !name.is_empty() && host.contains('.') => Ok(Self(text)),
            _ => Err(NotAnEmail(text)),
        }
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}
// ANCHOR_END: validated

#[derive(Aggregate)]
#[aggregate(created_by(Registered))]
pub struct Customer {
    #[id]
    id: Id<Customer>,
    #[on(Registered = |e| Some(e.email.clone()))]
    email: Option<Email>,
}

#[event]
pub struct Registered {
    pub email: Email,
}

#[commands]
impl Customer {
    #[create]
    pub fn register(email: Email) -> Registered {
        Registered { email }
    }
}

#[tokio::test]
async fn no_json_passes_a_constructor_by() {
    let json = |email: &str| format!(r#"{{"id":"{}","email":"{email}"}}"#, Id::<Customer>::new());
    let error = serde_json::from_str::<Register>(&json("nobody")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`nobody` is not an e-mail address"),
        "{error}"
    );
    let register: Register = serde_json::from_str(&json("ada@example.com")).unwrap();
    let app = App::connect("memory:", Domain::of::<Customer>())
        .await
        .unwrap();
    let id = app.send(register).await.unwrap().id;
    let customer = app.load(id).await.unwrap();
    let email = Email::try_from(String::from("ada@example.com"));
    assert_eq!((customer.id, &customer.email), (id, &email.ok()));
    // What is stored is text, and the schema says so.
    assert_eq!(
        app.history(id).await.unwrap()[0].source().payload,
        r#"{"email":"ada@example.com"}"#
    );
    assert_eq!(schema_for!(Email).get("type").unwrap(), "string");
}

mod by_hand {
    use std::fmt;

    // ANCHOR: refusal
    #[derive(Debug)]
    pub struct Overdrawn {
        pub balance: i64,
    }

    impl fmt::Display for Overdrawn {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "the balance is only {}", self.balance)
        }
    }

    impl std::error::Error for Overdrawn {}
    // ANCHOR_END: refusal

    mod used {
        use super::Overdrawn;
        use intent_runtime::prelude::*;

        #[derive(Aggregate, Debug)]
        #[aggregate(created_by(Opened), events(Emptied => ()))]
        pub struct Account {
            #[id]
            id: Id<Account>,
            balance: i64,
        }

        #[event]
        pub struct Opened;

        #[event]
        pub struct Emptied;

        #[commands]
        impl Account {
            #[handle]
            pub fn empty(&self, amount: i64) -> Result<Emptied, Overdrawn> {
                let balance = self.balance;
                (amount <= balance)
                    .then_some(Emptied)
                    .ok_or(Overdrawn { balance })
            }
        }

        #[test]
        fn a_refusal_has_its_text() {
            let id = Id::new();
            Scenario::<Account>::given(id, [Opened.into()])
                .when(Empty { id, amount: 1 })
                .then_rejects(|refused| refused.to_string() == "the balance is only 0")
                .then_state(|account| account.id == id);
        }
    }
}
