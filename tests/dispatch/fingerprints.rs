//! One command id is one command: another name or content under it is refused.

use std::collections::{BTreeMap, HashMap};

use intent_runtime::{App, MemoryStore, error::Reused, prelude::*};

use super::{
    domain::*,
    fixture::{on_every_store, opened, registered},
};

fn with_id(id: CommandId) -> SendOptions {
    SendOptions::new().command_id(id)
}

#[track_caller]
fn assert_reused<T, E>(sent: Result<T, SendError<E>>, what: Reused)
where
    T: std::fmt::Debug,
    E: std::error::Error + 'static,
{
    match sent {
        Err(SendError::CommandIdReused { reused, .. }) => assert_eq!(reused, what),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_id_of_another_command_is_refused() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let key = CommandId::from_key("deposit 17");
        let deposit = |amount| Deposit { id, amount };
        app.send_with(deposit(5), with_id(key)).await.unwrap();
        assert!(
            app.send_with(deposit(5), with_id(key))
                .await
                .unwrap()
                .repeated
        );

        // Another content; one that emits nothing; one that is refused; another name with the same content.
        assert_reused(
            app.send_with(deposit(6), with_id(key)).await,
            Reused::Content,
        );
        assert_reused(
            app.send_with(deposit(0), with_id(key)).await,
            Reused::Content,
        );
        for amount in [5, 99] {
            let withdraw = Withdraw { id, amount };
            let sent = app.send_with(withdraw, with_id(key)).await;
            assert_reused(sent, Reused::Content);
        }
        let other = opened(&app).await;
        let elsewhere = Deposit {
            id: other,
            amount: 5,
        };
        assert_reused(app.send_with(elsewhere, with_id(key)).await, Reused::Target);

        let error = app.send_with(deposit(6), with_id(key)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("command id {key} was used before, for another command to Account {id}")
        );
        assert_eq!(app.load(id).await.unwrap().balance, 5);
        assert_eq!(app.load(other).await.unwrap().balance, 0);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_stored_nothing_may_be_given_to_another_command() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let key = CommandId::from_key("refused");
        let withdraw = Withdraw { id, amount: 5 };
        app.send_with(withdraw, with_id(key)).await.unwrap_err();
        let deposit = Deposit { id, amount: 5 };
        assert!(!app.send_with(deposit, with_id(key)).await.unwrap().repeated);
    })
    .await;
}

/// Such as they were stored before there were fingerprints.
#[tokio::test]
async fn events_without_a_fingerprint_are_compared_by_their_aggregate() {
    on_every_store(async |app| {
        let id = opened(&app).await;
        let sent = app.send(Deposit { id, amount: 5 }).await.unwrap();
        let history = app.history(id).await.unwrap();
        assert_eq!(
            history[1].metadata().unwrap().fingerprint,
            None,
            "nobody knows its id"
        );
        assert_eq!(
            history[1].metadata().unwrap().command.as_deref(),
            Some("Deposit")
        );
        let again = with_id(sent.command_id);
        let again = app.send_with(Deposit { id, amount: 6 }, again).await;
        assert_eq!(again.unwrap().version, sent.version);
        let other = opened(&app).await;
        let elsewhere = Deposit {
            id: other,
            amount: 5,
        };
        let elsewhere = app.send_with(elsewhere, with_id(sent.command_id)).await;
        assert_reused(elsewhere, Reused::Target);
    })
    .await;
}

#[tokio::test]
async fn a_fingerprint_is_of_one_command() {
    let app = registered(MemoryStore::new()).await;
    let id = opened(&app).await;
    let key = CommandId::from_key("once");
    let deposit = Deposit { id, amount: 5 };
    app.send_with(deposit, with_id(key)).await.unwrap();
    let cause = app.history(id).await.unwrap().remove(1);
    assert_eq!(
        cause
            .metadata()
            .unwrap()
            .fingerprint
            .as_ref()
            .map(String::len),
        Some(16)
    );

    let options = SendOptions::new().caused_by(&cause);
    app.send_with(Settle { id }, options).await.unwrap();
    let effect = app.history(id).await.unwrap().remove(2);
    assert_eq!(
        effect.metadata().unwrap().fingerprint,
        None,
        "it is not inherited"
    );
    assert_eq!(
        effect.metadata().unwrap().command.as_deref(),
        Some("Settle")
    );
}

/// One command in two builds of a program.
macro_rules! build {
    ($build:ident { $($value:tt)* } { $($argument:tt)* }) => {
        mod $build {
            #[allow(unused_imports, reason = "each build has one of the two")]
            use std::collections::{BTreeMap, HashMap};

            use intent_runtime::prelude::*;

            #[derive(Aggregate, Debug)]
            #[aggregate(created_by(Written))]
            pub struct Letter {
                #[id]
                id: Id<Letter>,
            }

            #[event]
            pub struct Written;

            #[value]
            pub struct Address {
                $($value)*
            }

            #[value]
            pub enum Remark {
                Plain(Option<u8>),
                Urgent(Option<u8>),
            }

            #[commands]
            impl Letter {
                #[create]
                pub fn write($($argument)*) -> Written {
                    Written
                }
            }
        }
    };
}

build!(older { pub street: String, pub house: u8 } {
    _to: Vec<Address>, _remark: Remark, _tags: HashMap<String, u8>, _share: f64
});
build!(newer { pub house: u8, pub country: Option<String>, pub street: String } {
    _share: f64, _to: Vec<Address>, _tags: BTreeMap<String, u8>, _copies: Option<u8>, _remark: Remark
});

fn tags<T: FromIterator<(String, u8)>>() -> T {
    (0..40).map(|tag| (tag.to_string(), tag)).collect()
}

fn by_older(id: &str) -> older::Write {
    let address = |house| older::Address {
        street: "Dam".into(),
        house,
    };
    older::Write {
        id: Id::from_name(id),
        _to: vec![address(1), address(2)],
        _remark: older::Remark::Plain(None),
        _tags: tags::<HashMap<_, _>>(),
        _share: 0.5,
    }
}

fn by_newer(id: &str) -> newer::Write {
    let address = |house| newer::Address {
        street: "Dam".into(),
        country: None,
        house,
    };
    newer::Write {
        id: Id::from_name(id),
        _to: vec![address(1), address(2)],
        _remark: newer::Remark::Plain(None),
        _tags: tags::<BTreeMap<_, _>>(),
        _copies: None,
        _share: 0.5,
    }
}

#[tokio::test]
async fn a_command_stays_the_same_when_it_gets_an_optional_field() {
    let store = MemoryStore::new();
    let older = App::on(store.clone(), Domain::of::<older::Letter>())
        .await
        .unwrap();
    let newer = App::on(store, Domain::of::<newer::Letter>()).await.unwrap();
    let key = CommandId::from_key("letter");
    let sent = |command| older.send_with(command, with_id(key));
    assert!(!sent(by_older("a")).await.unwrap().repeated);
    assert!(
        sent(by_older("a")).await.unwrap().repeated,
        "a map has no order"
    );
    let again = newer.send_with(by_newer("a"), with_id(key)).await.unwrap();
    assert!(
        again.repeated,
        "what is not there and what is null are the same"
    );

    let others: [fn(&mut newer::Write); 6] = [
        |letter| letter._copies = Some(2),
        |letter| letter._to.reverse(),
        |letter| letter._to[1].country = Some("NL".into()),
        |letter| letter._remark = newer::Remark::Urgent(None),
        |letter| letter._share = 0.25,
        |letter| letter._tags.extend([("7".into(), 8)]),
    ];
    for change in others {
        let mut other = by_newer("a");
        change(&mut other);
        assert_reused(newer.send_with(other, with_id(key)).await, Reused::Content);
    }
}

/// A value within a command, in two builds: the second one's has one more optional field.
mod nested {
    macro_rules! build {
        ($build:ident { $($more:tt)* }) => {
            pub mod $build {
                use std::collections::BTreeMap;

                use intent_runtime::prelude::*;

                #[derive(Aggregate, Debug)]
                #[aggregate(created_by(Entered), events(Moved => ()))]
                pub struct Person {
                    #[id]
                    id: Id<Person>,
                }

                #[event]
                pub struct Entered;

                #[event]
                pub struct Moved;

                #[value]
                pub struct Address {
                    pub line: Option<String>,
                    $($more)*
                }

                #[commands]
                impl Person {
                    #[create]
                    pub fn enter() -> Entered {
                        Entered
                    }

                    #[handle(name = Move)]
                    pub fn go(&self, to: Address, flags: BTreeMap<String, Option<u32>>) -> Moved {
                        let _ = (to, flags);
                        Moved
                    }
                }
            }
        };
    }
    build!(old {});
    build!(new { pub floor: Option<u32>, });
}

#[tokio::test]
async fn an_optional_field_of_a_value_may_come_and_an_entry_of_a_map_counts() {
    use nested::{new, old};

    let first = App::connect("memory:", Domain::of::<old::Person>())
        .await
        .unwrap();
    let second = App::on(&first, Domain::of::<new::Person>()).await.unwrap();
    let id = Id::<old::Person>::new();
    first.send(old::Enter { id }).await.unwrap();
    let flags = |name: &str| BTreeMap::from([("a".to_owned(), Some(1)), (name.to_owned(), None)]);
    let key = CommandId::from_key("move");
    let to = old::Address { line: None };
    let sent = old::Move {
        id,
        to,
        flags: flags("b"),
    };
    first.send_with(sent, with_id(key)).await.unwrap();

    let id = Id::<new::Person>::from_uuid(id.as_uuid());
    let moved = |flags| {
        let to = new::Address {
            line: None,
            floor: None,
        };
        new::Move { id, to, flags }
    };
    let again = second.send_with(moved(flags("b")), with_id(key)).await;
    assert!(again.unwrap().repeated);
    // A null in a map is content: it may take something back.
    assert_reused(
        second.send_with(moved(flags("c")), with_id(key)).await,
        Reused::Content,
    );
}
