use intent_runtime::prelude::*;

#[derive(ReadModel, Clone)]
#[read_model(created_by(Opened))]
pub struct Balance {
    #[key]
    pub account: Id<Account>,
    #[on(Opened = |e| e.cents)]
    pub cents: i64,
}

#[derive(Aggregate)]
#[aggregate(created_by(Opened))]
pub struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
pub struct Opened {
    pub cents: i64,
}

async fn rich(app: &App) -> Result<Vec<Balance>, ReadError> {
    app.read::<Balance>().query("where cents > $1", 1).await
}

fn main() {}
