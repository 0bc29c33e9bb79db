use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(Noted by |e| e.text.clone()))]
pub struct Notes {
    #[key]
    pub text: String,
    #[on(Noted += 1)]
    pub count: i64,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Noted => ()))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[derive(Aggregate)]
#[aggregate(created_by(Granted), events(Noted => ()))]
pub struct Loan {
    #[id]
    id: Id<Loan>,
}

#[event]
pub struct Opened;

#[event]
pub struct Granted;

#[event]
pub struct Noted {
    pub text: String,
}

fn main() {}
