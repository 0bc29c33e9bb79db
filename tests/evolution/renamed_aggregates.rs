//! An aggregate that was renamed keeps its streams, snapshots, commands and ids.

use intent_runtime::{
    AggregateId, AsOf, CommandId, LoadError, LogFilter, SendOptions, StoreError, TenantId,
    error::DomainMistake,
    prelude::*,
    store::{AggregateType, StreamId},
};
use intent_tests::on;

use super::stored::{on_every_store, recorded};

/// The aggregate as an older build knows it, and as today's does.
macro_rules! build {
    ($build:ident: $account:ident $(, $key:ident $value:tt)*) => {
        mod $build {
            use intent_runtime::prelude::*;

            #[derive(Aggregate, Clone, Debug, PartialEq)]
            #[aggregate(created_by(Opened), events(Deposited), snapshot(every = 3) $(, $key $value)*)]
            pub struct $account {
                #[id]
                pub id: Id<$account>,
                #[on(Deposited += |e| e.amount)]
                pub balance: i64,
            }

            #[event]
            pub struct Opened;

            #[event]
            pub struct Deposited {
                pub amount: i64,
            }

            #[commands]
            impl $account {
                #[create]
                pub fn open() -> Opened {
                    Opened
                }

                #[handle]
                pub fn deposit(&self, amount: i64) -> Deposited {
                    Deposited { amount }
                }
            }
        }
    };
}

build!(older: BankAccount);
build!(today: Account, formerly("BankAccount", "CurrentAccount"));

#[tokio::test]
async fn builds_before_and_after_share_one_stream() {
    on_every_store(async |app| {
        let old = on::<older::BankAccount>(&app).await;
        let new = on::<today::Account>(&app).await;
        let before = Id::<older::BankAccount>::from_name("173688");
        let after = Id::<today::Account>::from_name("173688");
        assert_eq!(before.as_uuid(), after.as_uuid(), "named ids stay");

        old.send(older::Open { id: before }).await.unwrap();
        let deposit = |amount| today::Deposit { id: after, amount };
        let options = || SendOptions::new().command_id(CommandId::from_key("1"));
        let sent = new.send_with(deposit(5), options()).await.unwrap();
        let again = new.send_with(deposit(5), options()).await.unwrap();
        assert_eq!((sent.version, again.repeated), (Version::new(2), true));
        let by_old = older::Deposit {
            id: before,
            amount: 5,
        };
        let by_old = old.send_with(by_old, options()).await.unwrap();
        assert!(by_old.repeated, "one command to both builds");
        let one = older::Deposit {
            id: before,
            amount: 1,
        };
        assert_eq!(old.send(one).await.unwrap().version, Version::new(3));
        let exists = new.send(today::Open { id: after }).await.unwrap_err();
        assert!(
            matches!(exists, SendError::AlreadyExists { .. }),
            "{exists:?}"
        );

        assert_eq!(new.load(after).await.unwrap().balance, 6);
        assert_eq!(old.load(before).await.unwrap().balance, 6);
        let then = new.load_at(after, Version::new(2)).await.unwrap();
        assert_eq!(then.balance, 5);
        let now = AsOf::Recorded(Timestamp::now());
        assert_eq!(new.load_as_of(after, now).await.unwrap().balance, 6);
        assert_eq!(new.history(after).await.unwrap().len(), 3);
        let types = recorded(&new, after).await;
        assert!(
            types
                .iter()
                .all(|event| event.aggregate_type == "BankAccount")
        );
    })
    .await;
}

#[tokio::test]
async fn the_log_and_snapshots_know_former_names() {
    on_every_store(async |app| {
        let old = on::<older::BankAccount>(&app).await;
        let new = on::<today::Account>(&app).await;
        let (before, after) = (Id::<older::BankAccount>::new(), Id::<today::Account>::new());
        old.send(older::Open { id: before }).await.unwrap();
        new.send(today::Open { id: after }).await.unwrap();

        let mut log = new.subscribe(LogFilter::all().aggregate::<today::Account>());
        let first = log.next().await.unwrap();
        assert!(first.is_of::<today::Account>());
        assert_eq!(first.aggregate_id, AggregateId::from(before));
        let read = first.decode::<today::Account>().unwrap().one().unwrap();
        assert_eq!(read.event, today::Opened.into());
        let second = log.next().await.unwrap();
        assert_eq!(second.aggregate_id, AggregateId::from(after));
        let error = second.decode::<older::BankAccount>().unwrap_err();
        assert!(
            matches!(
                error,
                LoadError::Store(StoreError::WrongAggregate { ref found, .. }) if found == "Account"
            ),
            "an older build does not know the new name: {error:?}"
        );

        let mut file = Vec::new();
        let export = new.export().aggregate::<today::Account>();
        assert_eq!(export.write(&mut file).await.unwrap().events, 2);

        old.snapshot(before).await.unwrap();
        new.snapshot(after).await.unwrap();
        let renamed = AggregateType::of::<today::Account>();
        let deleted = new
            .store()
            .delete_snapshots(TenantId::DEFAULT, Some(renamed));
        assert_eq!(deleted.await.unwrap(), 2);
    })
    .await;
}

#[test]
fn the_oldest_name_makes_the_ids() {
    build!(once: CurrentAccount);
    build!(misordered: Account, formerly("CurrentAccount", "BankAccount"));
    let (id, name) = (Id::<today::Account>::from_name("1").as_uuid(), "1");
    assert_eq!(id, Id::<older::BankAccount>::from_name(name).as_uuid());
    assert_ne!(id, Id::<once::CurrentAccount>::from_name(name).as_uuid());
    assert_ne!(id, Id::<misordered::Account>::from_name(name).as_uuid());
}

#[tokio::test]
async fn a_former_name_belongs_to_one_aggregate() {
    let clash = Domain::of::<older::BankAccount>().aggregate::<today::Account>();
    let error = clash.check().unwrap_err();
    let [DomainMistake::AggregateName { name, .. }] = error.mistakes() else {
        panic!("{error:?}")
    };
    assert_eq!(*name, "BankAccount");

    build!(another: Ledger, formerly("CurrentAccount"));
    let clash = Domain::of::<today::Account>();
    assert_eq!(
        clash.catalogue().aggregates()[0].formerly,
        ["BankAccount", "CurrentAccount"]
    );
    let clash = clash.aggregate::<another::Ledger>().check();
    let text = clash.unwrap_err().to_string();
    assert!(
        text.starts_with("the aggregate name `CurrentAccount` is used by both "),
        "{text}"
    );
}

#[test]
fn an_error_names_a_stream_by_its_present_name() {
    let id = Id::<today::Account>::new();
    let stream = StreamId::of(TenantId::DEFAULT, id);
    assert_eq!(stream.to_string(), format!("Account {id}"));
}
