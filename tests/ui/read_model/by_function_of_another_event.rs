use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Deposited by branch))]
pub struct Day {
    #[key]
    pub branch: String,
    #[on(Deposited += |e| e.amount)]
    pub came_in: i64,
}

fn branch(_: &Recorded<Opened>) -> String {
    String::new()
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Deposited => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

#[event]
pub struct Deposited {
    pub amount: i64,
    pub branch: String,
}

fn main() {}
