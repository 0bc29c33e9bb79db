use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(events(account::Closed by |_| 1, loan::Closed by |_| 2))]
pub struct Closings {
    #[key]
    pub number: i64,
    #[on(account::Closed += 1, loan::Closed += 1)]
    pub all: i64,
    #[on(Closed += 1)]
    pub some: i64,
}

pub mod account {
    use intent_runtime::prelude::*;

    #[derive(Aggregate)]
    #[aggregate(created_by(Closed))]
    pub struct Account {
        #[id]
        id: Id<Account>,
    }

    #[event]
    pub struct Closed;
}

pub mod loan {
    use intent_runtime::prelude::*;

    #[derive(Aggregate)]
    #[aggregate(created_by(Closed))]
    pub struct Loan {
        #[id]
        id: Id<Loan>,
    }

    #[event]
    pub struct Closed;
}

fn main() {}
