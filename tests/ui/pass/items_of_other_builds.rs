//! Items that this build does not have have the names of commands, and send others.
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

#[cfg(not(all()))]
unsafe trait PayIn {}

#[cfg(not(all()))]
pub(in crate::inner) mod Open {}

#[allow(unused)]
#[cfg(not(all()))]
pub enum Deposit {}

#[cfg_attr(all(), cfg(not(all())))]
pub struct Close;

#[cfg_attr(all(), cfg(not(all())))]
pub struct AccountEvent;

#[cfg(not(all()))]
#[commands]
impl Account {
    #[handle]
    pub fn pay_in(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

#[cfg(all())]
#[commands]
impl Account {
    #[create]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn pay_in(&self, amount: i64) -> Deposited {
        self.deposit(amount)
    }

    #[handle]
    pub fn close(&self) {}

    fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

#[cfg(not(all()))]
fn sent(app: App, id: Id<Account>) {
    app.send(Deposit { id, amount: 1 });
}

fn sent_in_part(app: App, id: Id<Account>) {
    #[cfg(not(all()))]
    app.send(Deposit { id, amount: 1 });
    #[cfg(not(all()))]
    if let Some(id) = Some(id) {
        app.send(Deposit { id, amount: 1 });
    }
    let _ = (app, id);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(app: App, id: Id<Account>) {
        app.send(Deposit { id, amount: 1 });
    }
}

fn main() {}
