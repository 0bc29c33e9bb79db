use intent_runtime::prelude::*;

#[commands]
impl Account {
    pub fn open() -> Opened {
        Opened
    }
    #[handle]
    pub fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }
}

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

mod tests {
    use super::*;

    pub fn opening(id: Id<Account>) {
        Scenario::<Account>::given(id, []).when(Open { id }).then_nothing();
    }
}

fn main() {
    tests::opening(Id::new());
}
