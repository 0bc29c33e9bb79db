use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Deposited => |balance, e| add(balance, e.amount))]
    balance: i64,
}

fn add(balance: &mut i64, amount: i64) -> Result<(), String> {
    *balance = balance.checked_add(amount).ok_or("too rich")?;
    Ok(())
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {}
