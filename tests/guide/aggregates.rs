//! Chapter "Aggregates".

// ANCHOR: account
use intent_runtime::prelude::*;

/// A customer's account.
#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(
    created_by(Opened),
    events(Deposited, Withdrawn, Noted, Moved => Self::moved, Audited => (), Closed),
    snapshot(every = 100)
)]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    balance: i64,
    #[on(Noted => |notes, e| notes.push(e.text.clone()))]
    notes: Vec<String>,
    #[on(Closed = true)]
    closed: bool,
    address: Option<String>,
    moves: u32,
}

impl Account {
    /// An event that changes several fields at once has a function.
    fn moved(&mut self, event: &Moved) {
        self.address = Some(event.to.clone());
        self.moves += 1;
    }
}
// ANCHOR_END: account

// ANCHOR: events
#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

#[event]
pub struct Withdrawn {
    pub amount: i64,
}

#[event]
pub struct Noted {
    pub text: String,
}

#[event]
pub struct Moved {
    pub to: String,
}

#[event]
pub struct Audited;

#[event]
pub struct Closed;
// ANCHOR_END: events

#[test]
fn state_follows_from_events() {
    // ANCHOR: fold
    let id = Id::<Account>::from_name("173688");
    let history = [
        Opened {
            owner: "Ada".into(),
        }
        .into(),
        Deposited { amount: 5 }.into(),
        Moved {
            to: "Eindhoven".into(),
        }
        .into(),
        Audited.into(),
    ];
    let mut account = Account::rehydrate(id, history).unwrap().unwrap();
    assert_eq!(account.balance, 5);
    account.apply(&Withdrawn { amount: 2 }.into()).unwrap();
    assert_eq!(account.balance, 3);
    // ANCHOR_END: fold
    assert_eq!(
        (account.address.as_deref(), account.moves),
        (Some("Eindhoven"), 1)
    );
    assert!(!account.closed && account.notes.is_empty());
    assert_eq!((account.id, account.owner.as_str()), (id, "Ada"));
}

mod created_by_hand {
    use super::{Id, Opened};
    use intent_runtime::prelude::*;

    // ANCHOR: opened
    #[derive(Aggregate)]
    #[aggregate(created_by(Opened => Self::opened), events())]
    pub struct Account {
        #[id]
        id: Id<Account>,
        owner: Owner,
    }

    /// It has no `Default`, so the creating event must say what it is.
    pub struct Owner(String);

    impl Account {
        fn opened(id: Id<Self>, event: &Opened) -> Self {
            let owner = Owner(event.owner.to_uppercase());
            Self { id, owner }
        }
    }
    // ANCHOR_END: opened

    #[test]
    fn a_function_creates_it() {
        let id = Id::new();
        let opened = Opened {
            owner: "Ada".into(),
        };
        let account = Account::rehydrate(id, [opened.into()]).unwrap().unwrap();
        assert_eq!((account.id, account.owner.0.as_str()), (id, "ADA"));
    }
}

mod checked {
    use intent_runtime::prelude::*;

    // ANCHOR: money
    #[value(arithmetic)]
    #[derive(Copy, Default, PartialEq, Eq)]
    pub struct Money {
        pub cents: i64,
    }
    // ANCHOR_END: money

    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), events(Sold => Self::sold, Refunded))]
    pub struct Shop {
        #[id]
        id: Id<Shop>,
        #[on(Refunded -= |e| e.amount)]
        revenue: Money,
    }

    #[event]
    pub struct Opened;

    #[event]
    pub struct Sold {
        pub price: Money,
        pub pieces: i64,
    }

    #[event]
    pub struct Refunded {
        pub amount: Money,
    }

    // ANCHOR: overflow
    impl Shop {
        fn sold(&mut self, event: &Sold) -> Result<(), Overflow> {
            let price = event.price.checked_mul(event.pieces);
            let revenue = price.and_then(|price| self.revenue.checked_add(price));
            self.revenue = revenue.ok_or_else(|| Overflow::of::<Self>(Sold::NAME, "revenue"))?;
            Ok(())
        }
    }
    // ANCHOR_END: overflow

    #[test]
    fn an_overflow_is_an_error() {
        let (id, price) = (Id::new(), Money { cents: i64::MAX });
        let sold = |pieces| Sold { price, pieces }.into();
        let amount = Money { cents: 1 };
        let history = [Opened.into(), sold(1), Refunded { amount }.into()];
        let shop = Shop::rehydrate(id, history).unwrap().unwrap();
        assert_eq!((shop.id, shop.revenue.cents), (id, i64::MAX - 1));
        for history in [
            vec![Opened.into(), sold(2)],
            vec![Opened.into(), sold(-1), Refunded { amount: price }.into()],
        ] {
            let error = Shop::rehydrate(id, history)
                .err()
                .map(|error| error.to_string());
            assert!(error.is_some_and(|text| text.contains("overflows `revenue` of Shop")));
        }
    }
}
