//! A domain beside types that are called like those of the standard library: generated code names everything by its
//! full path.
#![no_implicit_prelude]
#![deny(warnings, missing_docs, unused)]

/// Not the one of the standard library.
pub struct Result;
/// Not the one of the standard library.
pub struct Option;
/// Not the one of the standard library.
pub struct Vec;
/// Not the one of the runtime.
pub struct Event;
/// Not the one of the runtime.
pub struct Command;
/// Not the one of the standard library.
pub struct Box;
/// Not the one of the standard library.
pub struct String;

/// Functions of a module like these would shadow those of the standard library.
pub mod core {}
/// Functions of a module like these would shadow those of the standard library.
pub mod std {}

/// An account.
#[derive(::intent_runtime::Aggregate, ::core::fmt::Debug)]
#[aggregate(
    created_by(Opened),
    events(Deposited, Noted, Closed, Moved => Self::moved, Audited => (), Reopened => ()),
    split(Paid => paid, Left => Self::left),
    retired("Flagged"),
    formerly("BankAccount"),
    snapshot(every = 10, version = 2, from = AccountV1)
)]
pub struct Account {
    #[id]
    id: ::intent_runtime::Id<Account>,
    #[on(Opened = |e| ::core::clone::Clone::clone(&e.owner))]
    owner: ::std::string::String,
    #[on(Deposited += |e| e.amount)]
    balance: i64,
    #[on(Noted => |notes, e| notes.push(::core::clone::Clone::clone(&e.text)))]
    notes: ::std::vec::Vec<::std::string::String>,
    #[on(Closed = true)]
    closed: ::core::primitive::bool,
    home: ::core::option::Option<Address>,
}

/// An account as it was.
#[derive(::intent_runtime::Aggregate, ::core::fmt::Debug)]
#[aggregate(created_by(Opened), snapshot(every = 10))]
pub struct AccountV1 {
    #[id]
    id: ::intent_runtime::Id<AccountV1>,
}

impl ::core::convert::From<AccountV1> for Account {
    fn from(old: AccountV1) -> Self {
        Self {
            id: ::intent_runtime::Id::from_uuid(old.id.as_uuid()),
            owner: ::core::default::Default::default(),
            balance: 0,
            notes: ::core::default::Default::default(),
            closed: false,
            home: ::core::option::Option::None,
        }
    }
}

/// Past: money came in, or a note was made.
#[::intent_runtime::event(version = 2, readable_by(1), formerly("Received"), unchanged(2))]
pub struct Paid {
    /// How much.
    pub amount: i64,
}

fn paid(past: Paid) -> (Deposited, ::core::option::Option<Noted>) {
    let Paid { amount } = past;
    let channel = ::core::option::Option::None;
    (Deposited { amount, channel }, ::core::option::Option::None)
}

/// Past: somebody left.
#[::intent_runtime::event]
pub struct Left;

/// An account was opened.
#[::intent_runtime::event]
pub struct Opened {
    /// Who owns it.
    pub owner: ::std::string::String,
}

/// Money came in.
#[::intent_runtime::event(version = 2)]
pub struct Deposited {
    /// How much.
    pub amount: i64,
    /// Where.
    #[since(2, default = ::core::option::Option::None)]
    pub channel: ::core::option::Option<::std::string::String>,
}

/// Something was weighed.
#[::intent_runtime::event(version = 2)]
pub struct Weighed {
    /// How much.
    #[since(2, default = 7)]
    #[serde(with = "as_text")]
    #[schemars(with = "::std::string::String")]
    pub weight: u8,
    /// What does not exist in this build.
    #[since(2)]
    #[cfg(any())]
    pub gone: Gone,
}

mod as_text {
    use ::core::{primitive::u8, result::Result};
    use ::serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(weight: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(weight)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        let text = ::std::string::String::deserialize(deserializer)?;
        text.parse().map_err(::serde::de::Error::custom)
    }
}

/// A note was made.
#[::intent_runtime::event(version = 2, name = "Noted", from = NotedV1)]
pub struct Noted {
    /// The note.
    pub text: ::std::string::String,
}

/// A note as it was.
#[::intent_runtime::event(name = "Noted")]
pub struct NotedV1(pub ::std::string::String);

impl ::core::convert::From<NotedV1> for Noted {
    fn from(v1: NotedV1) -> Self {
        Self { text: v1.0 }
    }
}

/// The account was closed.
#[::intent_runtime::event]
pub struct Closed;

/// The account was opened again.
#[::intent_runtime::event]
pub struct Reopened;

/// The account was looked at.
#[::intent_runtime::event]
pub struct Audited;

/// The owner moved.
#[::intent_runtime::event]
pub struct Moved {
    /// Where to.
    pub to: Address,
}

/// Where someone lives.
#[::intent_runtime::value]
pub struct Address {
    /// The street.
    pub street: ::std::string::String,
}

/// A kind of channel.
#[::intent_runtime::value]
#[derive(::core::marker::Copy)]
pub enum Kind {
    /// At the counter.
    Counter,
    /// Elsewhere.
    Other {
        /// How far.
        distance: u32,
    },
}

/// Why not.
#[derive(::core::fmt::Debug)]
pub struct Refused;

impl ::core::fmt::Display for Refused {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("refused")
    }
}

impl ::core::error::Error for Refused {}

#[::intent_runtime::commands]
impl Account {
    /// Opens an account.
    #[create]
    pub fn open(owner: ::std::string::String) -> Opened {
        Opened { owner }
    }

    #[handle]
    fn deposit(
        &self,
        amount: i64,
        kind: Kind,
        context: &::intent_runtime::Context,
    ) -> ::core::result::Result<::core::option::Option<Deposited>, Refused> {
        let (_, _, _) = (kind, context.now(), &self.owner);
        if self.closed {
            return ::core::result::Result::Err(Refused);
        }
        let channel = ::core::option::Option::None;
        ::core::result::Result::Ok(::core::option::Option::Some(Deposited { amount, channel }))
    }

    /// Closes the account.
    #[handle(name = CloseAccount)]
    pub fn close(&self) -> (Closed, Audited) {
        (Closed, Audited)
    }

    #[handle(Relocate)]
    fn relocate(&self, command: Relocate) -> Moved {
        Moved { to: command.to }
    }

    fn left(_: Left) {}

    fn moved(&mut self, event: &Moved) {
        self.home = ::core::option::Option::Some(::core::clone::Clone::clone(&event.to));
    }
}

/// A row per account.
#[derive(::intent_runtime::ReadModel, ::core::clone::Clone)]
#[read_model(
    created_by(Opened, Reopened by |_| ::core::option::Option::None => Self::reopened),
    events(Deposited, Noted, Moved => Self::moved, Audited of Account by |e| e.aggregate_id().typed() => ()),
    removed_by(Closed)
)]
pub struct Balance {
    #[key]
    account: ::intent_runtime::Id<Account>,
    #[on(Opened = |e| ::core::clone::Clone::clone(&e.owner))]
    owner: ::std::string::String,
    #[index]
    #[on(Deposited += |e| e.amount)]
    balance: i64,
    #[on(Noted => |notes, e| notes.push(::core::clone::Clone::clone(&e.text)))]
    notes: ::intent_runtime::Json<::std::vec::Vec<::std::string::String>>,
    home: ::core::option::Option<::std::string::String>,
}

impl Balance {
    fn reopened(
        account: ::intent_runtime::Id<Account>,
        _: &::intent_runtime::Recorded<Reopened>,
    ) -> Self {
        Self {
            account,
            owner: ::core::default::Default::default(),
            balance: 0,
            notes: ::core::default::Default::default(),
            home: ::core::option::Option::None,
        }
    }

    fn moved(&mut self, event: &::intent_runtime::Recorded<Moved>) {
        self.home = ::core::option::Option::Some(::core::clone::Clone::clone(&event.to.street));
    }
}

/// A row per amount.
#[derive(::intent_runtime::ReadModel, ::core::clone::Clone)]
#[read_model(events(Deposited by |e| (e.amount, e.version().get())))]
pub struct Amount {
    #[key]
    amount: i64,
    #[key]
    version: u64,
    #[on(Deposited += 1)]
    times: i64,
}

/// The owner moves.
#[::intent_runtime::command]
pub struct Relocate {
    /// The account.
    #[id]
    pub account: ::intent_runtime::Id<Account>,
    /// Where to.
    pub to: Address,
}

fn main() {}
