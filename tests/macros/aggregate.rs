//! Folding: what the rules on the fields make of a history.

use intent_runtime::{
    DecodeError, HistoryError,
    model::{AggregateEvent, EventOf},
    prelude::*,
};

use super::account::{
    Account, AccountEvent, Address, Audited, Closed, Deposited, Money, Moved, Noted, Opened,
    Withdrawn,
};

fn opened() -> Opened {
    Opened {
        owner: "Ada".into(),
    }
}

fn deposited(cents: i64) -> Deposited {
    Deposited {
        amount: Money { cents },
        channel: "counter".into(),
    }
}

fn rehydrated(events: impl IntoIterator<Item = AccountEvent>) -> Account {
    Account::rehydrate(Id::from_name("1"), events)
        .unwrap()
        .unwrap()
}

#[test]
fn a_creating_event_builds_from_id_rules_and_defaults() {
    let account = rehydrated([opened().into()]);
    assert_eq!(account.id, Id::from_name("1"));
    assert_eq!(account.owner, "Ada");
    assert_eq!(account.balance, Money { cents: 0 });
    assert_eq!(account.notes, Vec::<String>::new());
    assert!(!account.closed);
    assert_eq!(account.address, None);
}

#[test]
fn every_kind_of_rule_applies() {
    let to = Address {
        street: "Main Street".into(),
    };
    let account = rehydrated([
        opened().into(),
        deposited(500).into(),
        Withdrawn {
            amount: Money { cents: 200 },
        }
        .into(),
        Noted {
            text: "careful".into(),
        }
        .into(),
        Moved { to: to.clone() }.into(),
        Audited.into(),
        Closed.into(),
    ]);
    assert_eq!(account.balance.cents, 300);
    assert_eq!(account.notes, ["careful"]);
    assert_eq!(account.address, Some(to));
    assert!(account.closed);
}

#[test]
fn a_creating_event_changes_nothing_later() {
    let mut account = rehydrated([opened().into()]);
    let before = account.clone();
    let applied = account.apply(
        &Opened {
            owner: "Bob".into(),
        }
        .into(),
    );
    assert_eq!(applied, Ok(()));
    assert_eq!(account, before);
}

#[test]
fn a_history_begins_with_a_creating_event_and_has_no_other() {
    let id = Id::<Account>::from_name("1");
    assert_eq!(Account::rehydrate(id, []), Ok(None));
    let not_created = Account::rehydrate(id, [Audited.into()]);
    assert!(matches!(not_created, Err(HistoryError::NotCreated { .. })));
    let twice = Account::rehydrate(id, [opened().into(), opened().into()]);
    assert!(matches!(twice, Err(HistoryError::CreatedAgain { .. })));
    assert!(Account::is_creating(&opened().into()));
    assert!(!Account::is_creating(&Closed.into()));
}

#[test]
fn events_are_written_and_read_under_their_names() {
    let event = AccountEvent::from(deposited(5));
    let json = event.encode().unwrap();
    assert_eq!(event.name(), "Deposited");
    assert_eq!(event.schema_version(), 2);
    assert_eq!(json.get(), r#"{"amount":{"cents":5},"channel":"counter"}"#);
    let read = AccountEvent::decode("Deposited", 2, json.get().as_bytes());
    assert_eq!(read.unwrap().one().as_ref(), Some(&event));
    let older = AccountEvent::decode("Deposited", 1, br#"{"amount":{"cents":5}}"#);
    assert_eq!(older.unwrap().one(), Some(event));
}

#[test]
fn an_unknown_name_and_a_version_from_the_future_are_errors() {
    let unknown = AccountEvent::decode("Flagged", 1, b"{}").unwrap_err();
    assert!(matches!(unknown, DecodeError::UnknownEvent { ref name } if name == "Flagged"));
    let future = AccountEvent::decode("Deposited", 3, b"{}").unwrap_err();
    let DecodeError::FutureVersion { stored, current } = future else {
        panic!("{future}");
    };
    assert_eq!((stored, current), (3, 2));
}

#[test]
fn the_catalogue_knows_kinds_in_their_order() {
    let names: Vec<_> = AccountEvent::kinds().iter().map(|kind| kind.name).collect();
    assert_eq!(
        names,
        [
            "Opened",
            "Deposited",
            "Withdrawn",
            "Noted",
            "Moved",
            "Audited",
            "Closed"
        ]
    );
    assert_eq!(AccountEvent::kinds()[0].doc, "An account was opened.");
    assert_eq!(Account::TYPE, "Account");
    assert_eq!(Account::DOC, "A customer's account.");
}

#[test]
fn an_event_is_found_in_the_enum() {
    let event = AccountEvent::from(opened());
    assert_eq!(Opened::from_event(&event), Some(&opened()));
    assert_eq!(<Closed as EventOf<Account>>::from_event(&event), None);
}

mod every_operator {
    use super::*;

    #[event]
    #[derive(Copy)]
    pub struct Began {
        pub with: u32,
    }

    #[event]
    pub struct Came {
        pub value: u32,
        pub text: String,
    }

    #[derive(Aggregate, Debug, PartialEq)]
    #[aggregate(created_by(Began, Restored => Self::restored), events(Came), name = "register")]
    struct Register {
        #[id]
        id: Id<Self>,
        #[on(Began = |e| e.with, Came += |e| e.value)]
        add: u32,
        #[on(Began += |e| e.with, Came -= 1)]
        sub: u32,
        #[on(Began = 3, Came *= |e| e.value)]
        mul: u32,
        #[on(Began = 100, Came /= |Came { value, .. }| value)]
        div: u32,
        #[on(Began = 100, Came %= |e| e.value)]
        rem: u32,
        #[on(Began = 0b1100, Came ^= |e| e.value)]
        xor: u32,
        #[on(Began = 0b1100, Came &= |e| e.value)]
        and: u32,
        #[on(Began = 0b1100, Came |= |e| e.value)]
        or: u32,
        #[on(Began = 1, Came <<= |e| e.value)]
        shl: u32,
        #[on(Began = 1024, Came >>= |e| e.value)]
        shr: u32,
        // What stands behind an operator may borrow from the event.
        #[on(Came += |e| e.text.as_str())]
        text: String,
        // `return` leaves the rule.
        #[on(Came = |e| { if e.value > 3 { return Some("much"); } None })]
        size: Option<&'static str>,
        // A rule in place may begin an aggregate, and its value is not asked for.
        #[on(Began => |seen, e| seen.insert(e.with), Came => |seen, e| { seen.insert(e.value) })]
        seen: std::collections::BTreeSet<u32>,
        #[on(Came = |e: &Came| -> Vec<char> { e.text.chars().collect() })]
        letters: Vec<char>,
        #[on(Came = Self::LIMIT)]
        limit: u32,
    }

    #[event]
    pub struct Restored(pub u32);

    impl Register {
        const LIMIT: u32 = 7;

        fn restored(id: Id<Self>, event: &Restored) -> Self {
            let began = Began { with: event.0 };
            let mut register = Self::init(id, &began.into()).unwrap().unwrap();
            register.text = "restored".into();
            register
        }
    }

    #[test]
    fn does_what_it_does_elsewhere() {
        let came = Came {
            value: 4,
            text: "hi".into(),
        };
        let events = [Began { with: 10 }.into(), came.into()];
        let register = Register::rehydrate(Id::from_name("1"), events)
            .unwrap()
            .unwrap();
        assert_eq!(
            register,
            Register {
                id: Id::from_name("1"),
                add: 14,
                sub: 9,
                mul: 12,
                div: 25,
                rem: 0,
                xor: 0b1000,
                and: 0b0100,
                or: 0b1100,
                shl: 16,
                shr: 64,
                text: "hi".into(),
                size: Some("much"),
                seen: [10, 4].into(),
                letters: vec!['h', 'i'],
                limit: 7,
            }
        );
        assert_eq!(Register::TYPE, "register");
    }

    #[test]
    fn a_function_of_ones_own_may_create() {
        let register = Register::rehydrate(Id::from_name("1"), [Restored(3).into()]);
        let register = register.unwrap().unwrap();
        assert_eq!((register.add, register.text.as_str()), (3, "restored"));
    }
}
