use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), snapshot(every = 100, version = 2, from = AccountV1))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct AccountV1 {
    #[id]
    id: Id<AccountV1>,
}

impl From<AccountV1> for Account {
    fn from(old: AccountV1) -> Self {
        let id = Id::from_uuid(old.id.as_uuid());
        let owner = String::new();
        Self { id, owner }
    }
}

fn main() {}
