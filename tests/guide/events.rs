//! Chapter "Events and versions".

use intent_runtime::{DecodeError, model::Decoded, prelude::*};

#[value]
#[derive(Copy)]
pub struct Money {
    pub cents: i64,
}

mod notes {
    use super::*;

    // ANCHOR: notes
    #[event(version = 4, upcast(2 => cents_to_money))]
    pub struct Deposited {
        /// Since version 3, by `cents_to_money`: it was `cents`, a bare number.
        pub amount: Money,
        #[since(2, default = "counter".into())]
        pub channel: String,
        #[renamed(4, from = "memo")]
        pub note: String,
    }

    fn cents_to_money(mut v2: JsonObject) -> Result<JsonObject, UpcastError> {
        let cents: i64 = v2.take("cents")?;
        v2.set("amount", Money { cents })?;
        Ok(v2)
    }
    // ANCHOR_END: notes
}

mod predecessor {
    use super::*;

    // ANCHOR: predecessor
    #[event(version = 1, name = "Deposited")]
    pub struct DepositedV1 {
        pub cents: i64,
    }

    #[event(version = 2, from = DepositedV1)]
    pub struct Deposited {
        pub amount: Money,
    }

    impl From<DepositedV1> for Deposited {
        fn from(old: DepositedV1) -> Self {
            let amount = Money { cents: old.cents };
            Self { amount }
        }
    }
    // ANCHOR_END: predecessor
}

mod names {
    use super::*;

    // ANCHOR: renamed
    #[event(formerly("PaidIn"))]
    pub struct Deposited {
        pub amount: Money,
    }
    // ANCHOR_END: renamed
}

mod past {
    use super::{names::Deposited, *};

    // ANCHOR: past
    #[derive(Aggregate)]
    #[aggregate(
        name = "Account",
        formerly("BankAccount"),
        created_by(Opened),
        events(Deposited => (), CityChanged, StreetChanged),
        split(Moved => split_moved),
        retired("Flagged")
    )]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(CityChanged = |e| e.city.clone())]
        pub city: String,
        #[on(StreetChanged = |e| e.street.clone())]
        pub street: String,
    }

    /// No longer listed: nothing emits it, and what was stored of it is read as two events.
    #[event]
    pub struct Moved {
        pub city: String,
        pub street: String,
    }

    fn split_moved(moved: Moved) -> (CityChanged, StreetChanged) {
        let Moved { city, street } = moved;
        (CityChanged { city }, StreetChanged { street })
    }
    // ANCHOR_END: past

    #[event]
    pub struct Opened;

    #[event]
    pub struct CityChanged {
        pub city: String,
    }

    #[event]
    pub struct StreetChanged {
        pub street: String,
    }
}

mod readers {
    use super::*;

    // ANCHOR: readable_by
    #[event(version = 3, readable_by(2))]
    pub struct Deposited {
        pub amount: Money,
        #[since(2)]
        pub channel: Option<String>,
        #[since(3)]
        pub note: String,
    }
    // ANCHOR_END: readable_by
}

mod snapshots {
    use super::*;

    // ANCHOR: snapshot
    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), snapshot(every = 100))]
    pub struct AccountV1 {
        #[id]
        pub id: Id<AccountV1>,
        #[on(Opened = |e| e.owner.clone())]
        pub owner: String,
    }

    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), snapshot(every = 100, version = 2, from = AccountV1))]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(Opened = |e| Owner { name: e.owner.clone() })]
        pub owner: Owner,
    }

    impl From<AccountV1> for Account {
        fn from(old: AccountV1) -> Self {
            let id = Id::from_uuid(old.id.as_uuid());
            let owner = Owner { name: old.owner };
            Self { id, owner }
        }
    }
    // ANCHOR_END: snapshot

    #[value]
    pub struct Owner {
        pub name: String,
    }

    #[event]
    pub struct Opened {
        pub owner: String,
    }
}

#[test]
fn former_names_and_past_events_are_read() {
    use past::{Account, AccountEvent};

    let paid_in = AccountEvent::decode("PaidIn", 1, br#"{"amount":{"cents":500}}"#);
    let amount = Money { cents: 500 };
    let deposited = names::Deposited { amount };
    assert_eq!(paid_in.unwrap(), Decoded::One(deposited.into()));

    // ANCHOR: decoded
    use intent_runtime::model::AggregateEvent;

    let moved = br#"{"city":"Bergen","street":"Bryggen"}"#;
    let history = [
        AccountEvent::decode("Opened", 1, b"{}").unwrap(),
        AccountEvent::decode("Flagged", 1, br#"{"by":"Ada"}"#).unwrap(),
        AccountEvent::decode("Moved", 1, moved).unwrap(),
    ];
    let events: Vec<AccountEvent> = history.into_iter().flatten().collect();
    assert_eq!(events.len(), 3);
    // ANCHOR_END: decoded
    let account = Account::rehydrate(Id::new(), events).unwrap().unwrap();
    assert_eq!((&*account.city, &*account.street), ("Bergen", "Bryggen"));
    assert_eq!(Account::FORMERLY, ["BankAccount"]);
}

#[test]
fn a_mark_says_who_can_read() {
    let deposited = readers::Deposited {
        amount: Money { cents: 500 },
        channel: None,
        note: "rent".into(),
    };
    assert_eq!(readers::Deposited::READABLE_BY, Some(2));
    let json = serde_json::to_vec(&deposited).unwrap();
    assert_eq!(
        readers::Deposited::decode(30_002, &json).unwrap(),
        deposited
    );
}

#[test]
fn a_snapshot_of_the_predecessor_is_converted() {
    use snapshots::{Account, AccountV1, Opened};

    let owner = String::from("Ada");
    let old = AccountV1::init(Id::from_name("1"), &Opened { owner }.into())
        .unwrap()
        .unwrap();
    let kept = old.encode_state().unwrap();
    let version = <AccountV1 as Snapshot>::version();
    let account = Account::decode_state(version, kept.get().as_bytes()).unwrap();
    assert_eq!(account.owner.name, "Ada");
    assert_eq!(account.id.as_uuid(), old.id.as_uuid());
}

#[test]
fn every_version_reads_as_todays_shape() {
    use notes::Deposited;

    // ANCHOR: decode
    let today = Deposited {
        amount: Money { cents: 500 },
        channel: "counter".into(),
        note: "rent".into(),
    };
    for (version, payload) in [
        (1, r#"{"cents":500,"memo":"rent"}"#),
        (2, r#"{"cents":500,"memo":"rent","channel":"counter"}"#),
        (
            3,
            r#"{"amount":{"cents":500},"memo":"rent","channel":"counter"}"#,
        ),
        (
            4,
            r#"{"amount":{"cents":500},"note":"rent","channel":"counter"}"#,
        ),
    ] {
        assert_eq!(
            Deposited::decode(version, payload.as_bytes()).unwrap(),
            today
        );
    }
    // ANCHOR_END: decode
    let future = Deposited::decode(5, b"{}").unwrap_err();
    assert!(matches!(
        future,
        DecodeError::FutureVersion {
            stored: 5,
            current: 4
        }
    ));
}

#[test]
fn a_predecessor_is_converted() {
    let deposited = predecessor::Deposited::decode(1, br#"{"cents":500}"#).unwrap();
    assert_eq!(deposited.amount, Money { cents: 500 });
}
