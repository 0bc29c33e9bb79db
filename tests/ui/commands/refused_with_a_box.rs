use intent_runtime::prelude::*;

#[commands]
impl Account {
    #[create]
    pub fn open() -> Result<Opened, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Opened)
    }
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened;

fn main() {}
