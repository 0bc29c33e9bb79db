//! Commands within a transaction of the user's own, on Postgres under row-level security.

use intent_runtime::{App, PgStore, error::Reused, prelude::*, store::MemoryStore};
use sqlx::{PgPool, PgTransaction};

use super::{
    domain::*,
    fixture::{Interposed, opened, registered},
};
use crate::store::postgres::roles::Roles;

/// An app, a table `receipts` beside its events, and a pool on both.
struct Shop {
    app: App,
    pool: PgPool,
    roles: Roles,
}

impl Shop {
    async fn new() -> Self {
        let roles = Roles::new().await;
        let table = "CREATE TABLE receipts (account uuid); GRANT ALL ON receipts TO";
        roles.run(&format!("{table} {}", roles.app)).await;
        let pool = roles.pool(&roles.app).await;
        let store = PgStore::new(pool.clone()).await.unwrap();
        let app = registered(store).await;
        Self { app, pool, roles }
    }

    async fn begin(&self) -> PgTransaction<'static> {
        self.pool.begin().await.unwrap()
    }

    async fn receipts(&self) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM receipts");
        count.fetch_one(&self.pool).await.unwrap()
    }

    async fn balance(&self, id: Id<Account>) -> i64 {
        self.app.load(id).await.unwrap().balance
    }
}

async fn receipt(transaction: &mut PgTransaction<'_>, id: Id<Account>) {
    let row = sqlx::query("INSERT INTO receipts VALUES ($1)").bind(id.as_uuid());
    row.execute(&mut **transaction).await.unwrap();
}

fn plain() -> SendOptions {
    SendOptions::new()
}

#[tokio::test]
async fn a_command_is_there_with_the_rows_beside_it() {
    let shop = Shop::new().await;
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    let metadata = Metadata::new().actor("ada").source("web");
    let mut transaction = shop.begin().await;
    receipt(&mut transaction, id).await;
    let open = Open { id, owner };
    let first = shop.app.send_in(&mut transaction, open, plain()).await;
    let options = plain().metadata(metadata);
    let deposit = Deposit { id, amount: 5 };
    let second = shop.app.send_in(&mut transaction, deposit, options).await;
    assert!(shop.app.load(id).await.is_err(), "nothing is there as yet");
    transaction.commit().await.unwrap();

    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(
        (first.version, second.version),
        (Version::FIRST, Version::new(2))
    );
    assert_eq!((shop.receipts().await, shop.balance(id).await), (1, 5));
    let history = shop.app.history(id).await.unwrap();
    let event = &history[1];
    let place = second.cursor.unwrap().place();
    assert_eq!(Some(event.position()), place.map(|(_, position)| position));
    assert_eq!(Some(event.recorded_at()), second.recorded_at);
    let stored = &event.metadata().unwrap();
    assert_eq!(
        (stored.actor.as_deref(), stored.source.as_deref()),
        (Some("ada"), Some("web"))
    );
    assert_eq!(stored.command_id, Some(second.command_id));
    assert!(stored.correlation_id.is_some() && stored.timestamp.is_some());
    shop.app.send(Withdraw { id, amount: 5 }).await.unwrap();
}

#[tokio::test]
async fn what_is_rolled_back_never_was() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    shop.app.send(Deposit { id, amount: 5 }).await.unwrap();
    let command_id = CommandId::new();
    let options = || plain().command_id(command_id);
    let mut transaction = shop.begin().await;
    receipt(&mut transaction, id).await;
    let withdraw = Withdraw { id, amount: 5 };
    let withdrawn = shop
        .app
        .send_in(&mut transaction, withdraw.clone(), options())
        .await;
    assert_eq!(withdrawn.unwrap().version, Version::new(3));
    transaction.rollback().await.unwrap();

    assert_eq!((shop.receipts().await, shop.balance(id).await), (0, 5));
    // Neither the kept state nor the command id knows of it.
    let again = shop.app.send_with(withdraw, options()).await.unwrap();
    assert_eq!((again.version, again.repeated), (Version::new(3), false));
}

#[tokio::test]
async fn a_command_is_decided_on_what_its_transaction_did() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let mut transaction = shop.begin().await;
    for amount in [3, 4] {
        let amounts = vec![amount; 5];
        let deposit = DepositMany { id, amounts };
        shop.app
            .send_in(&mut transaction, deposit, plain())
            .await
            .unwrap();
    }
    for amount in [36, 35] {
        let withdraw = Withdraw { id, amount };
        match shop.app.send_in(&mut transaction, withdraw, plain()).await {
            Err(SendError::Rejected(Overdrawn { balance, .. })) => {
                assert_eq!((amount, balance), (36, 35));
            }
            other => assert_eq!((amount, other.unwrap().version), (35, Version::new(12))),
        }
    }
    // Refused or not, the transaction goes on.
    receipt(&mut transaction, id).await;
    transaction.commit().await.unwrap();
    assert_eq!((shop.receipts().await, shop.balance(id).await), (1, 0));
}

#[tokio::test]
async fn an_overtaken_command_is_decided_again_on_the_new_state() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    shop.app.send(Deposit { id, amount: 7 }).await.unwrap();
    let withdraw = || Withdraw { id, amount: 4 };
    let mut ahead = shop.begin().await;
    shop.app
        .send_in(&mut ahead, withdraw(), plain())
        .await
        .unwrap();
    let mut behind = shop.begin().await;
    receipt(&mut behind, id).await;
    let process = sqlx::query_scalar("SELECT pg_backend_pid()");
    let process: i32 = process.fetch_one(&mut *behind).await.unwrap();
    let told = {
        let waiting = shop.app.send_in(&mut behind, withdraw(), plain());
        let committing = async {
            shop.roles.until_waits(process).await;
            ahead.commit().await.unwrap();
        };
        tokio::join!(waiting, committing).0
    };
    let refused = matches!(told, Err(SendError::Rejected(Overdrawn { balance: 3, .. })));
    assert!(refused, "{told:?}");
    let deposit = Deposit { id, amount: 1 };
    let told = shop.app.send_in(&mut behind, deposit, plain()).await;
    assert_eq!(told.unwrap().version, Version::new(4));
    behind.commit().await.unwrap();
    assert_eq!((shop.receipts().await, shop.balance(id).await), (1, 4));
}

#[tokio::test]
async fn a_conflict_is_typed_and_leaves_the_transaction_usable() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let deposit = || Deposit { id, amount: 1 };
    let mut transaction = shop.begin().await;
    shop.app.send(deposit()).await.unwrap();
    let seen = plain().expect_version(Version::FIRST);
    let told = shop.app.send_in(&mut transaction, deposit(), seen).await;
    let (expected, actual) = match told {
        Err(SendError::Conflict {
            expected, actual, ..
        }) => (expected, actual),
        other => panic!("{other:?}"),
    };
    assert_eq!((expected, actual), (Version::FIRST, Version::new(2)));
    receipt(&mut transaction, id).await;
    transaction.commit().await.unwrap();
    assert_eq!((shop.receipts().await, shop.balance(id).await), (1, 1));
}

#[tokio::test]
async fn a_transaction_that_cannot_see_what_overtook_it_is_busy() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let deposit = || Deposit { id, amount: 1 };
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        let mut transaction = shop.begin().await;
        let level = sqlx::AssertSqlSafe(format!("SET TRANSACTION ISOLATION LEVEL {level}"));
        sqlx::query(level).execute(&mut *transaction).await.unwrap();
        receipt(&mut transaction, id).await;
        shop.app.send(deposit()).await.unwrap();
        let told = shop.app.send_in(&mut transaction, deposit(), plain()).await;
        let busy = matches!(told, Err(SendError::Store(StoreError::Busy { .. })));
        assert!(busy, "{told:?}");
        let text = format!("{told:?}");
        assert!(text.contains("end it, and begin a new one"), "{text}");
        assert!(!text.contains("send again"), "{text}");
        transaction.rollback().await.unwrap();
    }
    let mut transaction = shop.begin().await;
    shop.app
        .send_in(&mut transaction, deposit(), plain())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shop.balance(id).await, 3);
}

#[tokio::test]
async fn a_command_id_has_one_effect_in_transactions_too() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let deposit = || Deposit { id, amount: 5 };
    let (one, two) = (CommandId::new(), CommandId::new());
    let sent = shop.app.send_with(deposit(), plain().command_id(one));
    let sent = sent.await.unwrap();
    let mut transaction = shop.begin().await;
    for (command_id, version, repeated) in [(one, 2, true), (two, 3, false), (two, 3, true)] {
        let options = plain().command_id(command_id);
        let told = shop.app.send_in(&mut transaction, deposit(), options).await;
        let told = told.unwrap();
        assert_eq!((told.version.get(), told.repeated), (version, repeated));
        assert_eq!(told.events.len(), 1);
    }
    // Another command under the id is refused, also one that would be refused in any case.
    for amount in [1, 99] {
        let options = plain().command_id(one);
        let withdraw = Withdraw { id, amount };
        let told = shop.app.send_in(&mut transaction, withdraw, options).await;
        let content = matches!(
            told,
            Err(SendError::CommandIdReused {
                reused: Reused::Content,
                ..
            })
        );
        assert!(content, "{told:?}");
    }
    let options = plain().command_id(one);
    let start = Start { id: Id::new() };
    let told = shop.app.send_in(&mut transaction, start, options).await;
    let target = matches!(
        told,
        Err(SendError::CommandIdReused {
            reused: Reused::Target,
            ..
        })
    );
    assert!(target, "{told:?}");
    // What is refused now was stored then.
    let three = || plain().command_id(CommandId::from_key("three"));
    for repeated in [false, true] {
        let withdraw = Withdraw { id, amount: 10 };
        let told = shop.app.send_in(&mut transaction, withdraw, three()).await;
        let told = told.unwrap();
        assert_eq!((told.version.get(), told.repeated), (4, repeated));
    }
    transaction.commit().await.unwrap();
    assert_eq!(shop.balance(id).await, 0);
    assert_eq!(sent.version.get(), 2);
}

#[tokio::test]
async fn a_tenant_keeps_to_its_own_and_the_setting_of_the_user_stays() {
    let shop = Shop::new().await;
    let tenant = shop.app.tenant(TenantId::from_name("eindhoven"));
    let id = opened(&shop.app).await;
    let own = TenantId::from_name("own").to_string();
    let mut transaction = shop.begin().await;
    let set =
        "SELECT set_config('intent.tenant', $1, true), set_config('intent.row_tenant', $1, true),
                      set_config('intent.append_tenant', $1, true)";
    let set = sqlx::query(set).bind(&own);
    set.execute(&mut *transaction).await.unwrap();
    let owner = String::from("Bo");
    for (sender, exists) in [(&tenant, false), (&*shop.app, true)] {
        let owner = owner.clone();
        let told = sender
            .send_in(&mut transaction, Open { id, owner }, plain())
            .await;
        let refused = matches!(told, Err(SendError::AlreadyExists { .. }));
        assert_eq!(refused, exists, "{told:?}");
        let now = "SELECT current_setting('intent.tenant'), current_setting('intent.row_tenant'),
                          current_setting('intent.append_tenant')";
        let now: (String, String, String) = sqlx::query_as(now)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(now, (own.clone(), own.clone(), own.clone()));
    }
    transaction.commit().await.unwrap();
    assert_eq!(tenant.load(id).await.unwrap().owner, "Bo");
    assert_eq!(shop.app.load(id).await.unwrap().owner, "Ada");
}

#[tokio::test]
async fn a_decorator_passes_transactions_on() {
    let shop = Shop::new().await;
    let store = PgStore::new(shop.pool.clone()).await.unwrap();
    let app = registered(Interposed::around(store)).await;
    let id = opened(&app).await;
    let mut transaction = shop.begin().await;
    receipt(&mut transaction, id).await;
    let deposit = Deposit { id, amount: 5 };
    app.send_in(&mut transaction, deposit, plain())
        .await
        .unwrap();
    assert_eq!(shop.balance(id).await, 0);
    transaction.commit().await.unwrap();
    assert_eq!((shop.receipts().await, shop.balance(id).await), (1, 5));
}

#[tokio::test]
async fn a_connection_on_which_sqlx_began_nothing_is_refused() {
    let shop = Shop::new().await;
    let id = opened(&shop.app).await;
    let deposit = || Deposit { id, amount: 5 };
    let mut connection = shop.pool.acquire().await.unwrap();
    for begin in ["SELECT 1", "BEGIN"] {
        sqlx::query(begin).execute(&mut *connection).await.unwrap();
        let told = shop.app.send_in(&mut *connection, deposit(), plain()).await;
        let refused = matches!(told, Err(SendError::Store(StoreError::NotInTransaction)));
        assert!(refused, "{told:?}");
    }
    // The transaction that was begun by SQL goes on.
    let row = sqlx::query("INSERT INTO receipts VALUES ($1)").bind(id.as_uuid());
    row.execute(&mut *connection).await.unwrap();
    assert_eq!(shop.receipts().await, 0);
    let commit = sqlx::query("COMMIT");
    commit.execute(&mut *connection).await.unwrap();
    assert_eq!((shop.receipts().await, shop.balance(id).await), (1, 0));

    // A connection does as well as the transaction on it.
    let mut transaction = shop.begin().await;
    let connection: &mut sqlx::PgConnection = &mut transaction;
    let sent = shop.app.send_in(connection, deposit(), plain()).await;
    sent.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shop.balance(id).await, 5);
}

#[tokio::test]
async fn an_app_elsewhere_has_no_transaction_to_join() {
    let shop = Shop::new().await;
    let mut transaction = shop.begin().await;
    let start = || Start { id: Id::new() };
    let elsewhere = registered(MemoryStore::new()).await;
    let told = elsewhere.send_in(&mut transaction, start(), plain()).await;
    let none = matches!(told, Err(SendError::Store(StoreError::NoTransactions)));
    assert!(none, "{told:?}");
    let empty = App::on(
        PgStore::new(shop.pool.clone()).await.unwrap(),
        Domain::new(),
    )
    .await
    .unwrap();
    let told = empty.send_in(&mut transaction, start(), plain()).await;
    let unregistered = matches!(told, Err(SendError::NotRegistered { .. }));
    assert!(unregistered, "{told:?}");
}
