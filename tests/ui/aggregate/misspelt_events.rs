use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), event(Deposited))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
    #[on(Deposited += |e| e.amount)]
    balance: i64,
}

#[commands]
impl Account {
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }
    #[handle]
    pub fn deposit(&self, amount: i64) -> Option<Deposited> {
        Some(Deposited { amount })
    }
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

fn main() {
    let id = Id::<Account>::new();
    let _ = AccountEvent::from(Deposited { amount: 5 });
    let _ = Account::create(
        Open {
            id,
            owner: "Ada".into(),
        },
        &Context::new(),
    );
}
