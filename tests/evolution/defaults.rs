//! A snapshot becomes stale with the values that come from no event: a field's `Default`, a constant in a rule, a default of
//! serde's.

use intent_runtime::{Snapshot, TenantId, prelude::*};
use intent_tests::on;

use super::stored::on_every_store;

/// A customer, as one build knows it: a field of type `Tier`, with its rules, and what is behind it.
macro_rules! customer {
    ($module:ident: $(#[$attribute:meta])* $ty:ty; $($items:tt)*) => {
        mod $module {
            use intent_runtime::prelude::*;

            #[derive(Aggregate, Debug)]
            #[aggregate(name = "Customer", created_by(Joined), events(Renewed, Greeted => ()), snapshot(every = 2))]
            pub struct Customer {
                #[id]
                pub id: Id<Customer>,
                $(#[$attribute])*
                pub tier: $ty,
                #[on(Renewed += |e| e.years)]
                pub years: u32,
            }

            #[event]
            pub struct Joined;

            #[event]
            pub struct Renewed {
                pub years: u32,
            }

            #[event]
            pub struct Greeted;

            #[commands]
            impl Customer {
                #[create]
                pub fn join() -> Joined {
                    Joined
                }

                #[handle]
                pub fn renew(&self, years: u32) -> Renewed {
                    Renewed { years }
                }
            }

            $($items)*
        }
    };
}

macro_rules! nested {
    ($tier:ident) => {
        #[value]
        pub struct Profile {
            pub tier: Tier,
        }
        #[value]
        pub enum Tier {
            Basic,
            Gold,
        }
        // `Option<Profile>` begins as `None`, which says nothing of the profile.
        impl Default for Profile {
            fn default() -> Self {
                Self { tier: Tier::$tier }
            }
        }
    };
}

macro_rules! written {
    ($tier:ident) => {
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum Tier {
            Basic,
            Gold,
        }

        impl Default for Tier {
            fn default() -> Self {
                Self::$tier
            }
        }

        mod word {
            use serde::{Deserialize as _, Deserializer, Serializer};

            use super::Tier;

            pub fn serialize<S: Serializer>(tier: &Tier, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bool(matches!(tier, Tier::Gold))
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Tier, D::Error> {
                let gold = bool::deserialize(deserializer)?;
                Ok(if gold { Tier::Gold } else { Tier::Basic })
            }
        }
    };
}

macro_rules! listed {
    ($usual:literal) => {
        #[value]
        pub struct Limit {
            #[serde(default = "usual", skip_serializing_if = "is_usual")]
            pub cents: u32,
        }
        fn usual() -> u32 {
            $usual
        }
        fn is_usual(limit: &u32) -> bool {
            *limit == usual()
        }
    };
}

customer! { basic: Tier;
    #[value]
    #[derive(Copy, Default)]
    pub enum Tier { #[default] Basic, Gold }
}
customer! { gold: Tier;
    #[value]
    #[derive(Copy, Default)]
    pub enum Tier { Basic, #[default] Gold }
}
// The same value, made in another way.
customer! { basic_by_hand: Tier;
    #[value]
    #[derive(Copy)]
    pub enum Tier { Basic, Gold }

    impl Default for Tier {
        fn default() -> Self { [Self::Gold, Self::Basic][1] }
    }
}

// A default within another.
customer! { nested_basic: Option<Profile>; nested!(Basic); }
customer! { nested_gold: Option<Profile>; nested!(Gold); }

customer! { profile_basic: Profile; nested!(Basic); }
customer! { profile_gold: Profile; nested!(Gold); }

// A rule that names a constant, or calls a function without the event.
customer! { limit_5: #[on(Joined = LIMIT)] u32; const LIMIT: u32 = 5; }
customer! { limit_6: #[on(Joined = LIMIT)] u32; const LIMIT: u32 = 6; }
customer! { renewed_5: #[on(Renewed = limit())] u32; fn limit() -> u32 { 5 } }
customer! { renewed_6: #[on(Renewed = limit())] u32; fn limit() -> u32 { 6 } }

// A field that is written in a form of its own.
customer! { written_basic: #[serde(with = "word")] Tier; written!(Basic); }
customer! { written_gold: #[serde(with = "word")] Tier; written!(Gold); }

// A field that is not written where it is as serde's default has it: of the state, and of a value in a list.
customer! { left_out_5: #[on(Joined = 7)] #[serde(default = "usual", skip_serializing_if = "is_usual")] u32;
    fn usual() -> u32 { 5 }
    fn is_usual(limit: &u32) -> bool { *limit == usual() }
}
customer! { left_out_6: #[on(Joined = 7)] #[serde(default = "usual", skip_serializing_if = "is_usual")] u32;
    fn usual() -> u32 { 6 }
    fn is_usual(limit: &u32) -> bool { *limit == usual() }
}
customer! { listed_5: Vec<Limit>; listed!(5); }
customer! { listed_6: Vec<Limit>; listed!(6); }

#[test]
fn a_default_or_a_constant_that_changed_makes_snapshots_stale() {
    let pairs = [
        (basic::Customer::version(), gold::Customer::version()),
        (
            profile_basic::Customer::version(),
            profile_gold::Customer::version(),
        ),
        (limit_5::Customer::version(), limit_6::Customer::version()),
        (
            renewed_5::Customer::version(),
            renewed_6::Customer::version(),
        ),
        (
            written_basic::Customer::version(),
            written_gold::Customer::version(),
        ),
        (
            left_out_5::Customer::version(),
            left_out_6::Customer::version(),
        ),
        (listed_5::Customer::version(), listed_6::Customer::version()),
    ];
    for (pair, (before, after)) in pairs.into_iter().enumerate() {
        assert_ne!(before, after, "pair {pair}");
    }
}

#[test]
fn the_same_default_keeps_snapshots() {
    let (basic, by_hand) = (
        basic::Customer::version(),
        basic_by_hand::Customer::version(),
    );
    assert_eq!(basic, by_hand);
    assert_eq!(
        nested_basic::Customer::version(),
        nested_gold::Customer::version()
    );
}

// The default of the changed build is what a replay gives, from each store.
#[tokio::test]
async fn a_load_gives_what_a_replay_gives_after_a_default_has_changed() {
    on_every_store(async |app| {
        let first = on::<basic::Customer>(&app).await;
        let id = Id::new();
        first.send(basic::Join { id }).await.unwrap();
        first.send(basic::Renew { id, years: 1 }).await.unwrap();
        assert_eq!(first.load(id).await.unwrap().tier, basic::Tier::Basic);

        let second = on::<gold::Customer>(&app).await;
        let same = Id::<gold::Customer>::from_uuid(id.as_uuid());
        let loaded = second.load(same).await.unwrap();
        assert_eq!(loaded.tier, gold::Tier::Gold);
        let deleted = app.store().delete_snapshots(TenantId::DEFAULT, None).await;
        assert_eq!(deleted.unwrap(), 1, "there was one to be misled by");
        assert_eq!(second.load(same).await.unwrap().tier, loaded.tier);
    })
    .await;
}

/// A default that is another at every call: in the state, and where a value's field is not there.
mod restless {
    use std::sync::atomic::{AtomicU32, Ordering};

    use intent_runtime::prelude::*;

    static NEXT: AtomicU32 = AtomicU32::new(0);

    fn next() -> u32 {
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    #[value]
    pub struct Ticket {
        pub number: u32,
        #[serde(default = "next")]
        pub seat: u32,
    }

    impl Default for Ticket {
        fn default() -> Self {
            Self {
                number: next(),
                seat: next(),
            }
        }
    }

    #[derive(Aggregate)]
    #[aggregate(created_by(Sold), snapshot(every = 2))]
    pub struct Sale {
        #[id]
        id: Id<Sale>,
        pub ticket: Ticket,
        #[on(Sold = panicking())]
        pub price: u32,
    }

    fn panicking() -> u32 {
        assert!(
            NEXT.load(Ordering::Relaxed) > u32::MAX / 2,
            "asked for before its time"
        );
        1
    }

    #[event]
    pub struct Sold;

    /// What the macro made of it, made again.
    pub fn made_again() -> u32 {
        use intent_runtime::__private as private;

        private::state_version::<Sale, Ticket>(
            1,
            &[private::kind_of::<Sale, Sold>()],
            &[
                ("ticket", || {
                    private::given(private::Show(&Ticket::default()).json())
                }),
                ("price", || {
                    private::given(private::Show(&panicking()).json())
                }),
            ],
        )
    }
}

#[test]
fn a_default_that_is_another_at_every_call_leaves_snapshots_usable() {
    assert_ne!(restless::Sale::version(), 0);
    assert_eq!(restless::made_again(), restless::made_again());
}
