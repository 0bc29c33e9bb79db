#!/usr/bin/env -S cargo 'x {
//! Text and comments that look like items.
#![allow(dead_code)]

use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    balance: i64,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
}

#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

/* { /* ( */ struct Deposit; */
// } struct Deposit;
/// ```
/// struct Deposit { id: u8 }
/// ```
const TEXT: (&str, &str) = ("struct Deposit { \" ", r#"} struct Deposit; "#);
const BYTES: (&[u8], &std::ffi::CStr) = (br##"{{"#"##, c"{");
const LETTERS: (char, char, u8) = ('{', '\'', b'}');

fn first<'a>(text: &'a str) -> &'a str {
    'a: loop {
        break 'a text;
    }
}

fn main() {
    assert_eq!(first(TEXT.0), TEXT.0);
    let _ = (TEXT, BYTES, LETTERS, Deposit { id: Id::new(), amount: 1 });
}
