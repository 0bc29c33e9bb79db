use intent_runtime::prelude::*;

#[derive(Aggregate)]
#[aggregate(created_by(Opened), events())]
struct Account {
    #[id]
    id: Id<Account>,
}

#[event]
struct Opened;

#[commands]
impl Account {
    #[create]
    fn open() -> Opened {
        Opened
    }
}

async fn open(app: &App, pool: sqlx::SqlitePool, id: Id<Account>) {
    let transaction = pool.begin().await.unwrap();
    app.send_in(transaction, Open { id }, SendOptions::new()).await.unwrap();
}

fn main() {}
