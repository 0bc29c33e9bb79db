//! Arithmetic in rules: what has no result is an error in every build profile, for each integer and operator.

use std::{
    num::{NonZeroU32, Saturating, Wrapping},
    ops::AddAssign,
    time::{Duration, SystemTime},
};

use intent_runtime::{HistoryError, Overflow, prelude::*};

/// An aggregate with a field for each integer type, which begin lowest or highest.
macro_rules! numbers {
    ($($integer:ident)*) => {
        #[value]
        #[derive(Copy)]
        pub struct Values {
            $(pub $integer: $integer,)*
        }

        impl Values {
            const ZERO: Self = Self { $($integer: 0,)* };
            const ONE: Self = Self { $($integer: 1,)* };
        }

        #[derive(Aggregate, Debug, PartialEq)]
        #[aggregate(
            created_by(Lowest, Highest),
            events(Added, Subtracted, Multiplied, Divided, Remained, ShiftedLeft, ShiftedRight)
        )]
        pub struct Numbers {
            #[id]
            pub id: Id<Numbers>,
            $(
                #[on(
                    Lowest = $integer::MIN,
                    Highest = $integer::MAX,
                    Added += |e| e.0.$integer,
                    Subtracted -= |e| &e.0.$integer,
                    Multiplied *= |e| e.0.$integer,
                    Divided /= |e| e.0.$integer,
                    Remained %= |e| e.0.$integer,
                    ShiftedLeft <<= |e| e.0.$integer,
                    ShiftedRight >>= |e| e.0.$integer,
                )]
                pub $integer: $integer,
            )*
        }

        /// Every operator on the field of one type alone, from the lowest and the highest value.
        #[test]
        #[expect(clippy::cast_possible_truncation, reason = "all are small")]
        fn each_integer_is_checked_under_each_operator() {
            $(
                let one = |value: $integer| Values { $integer: value, ..Values::ZERO };
                // Nothing happens to the others.
                let factor = |value: $integer| Values { $integer: value, ..Values::ONE };
                for (begin, first) in [
                    (NumbersEvent::from(Lowest), $integer::MIN),
                    (NumbersEvent::from(Highest), $integer::MAX),
                ] {
                    for value in [$integer::MIN, 0, 1, 2, 8, $integer::BITS as $integer, $integer::MAX] {
                        let bits = u32::try_from(value).ok();
                        let cases: [(NumbersEvent, &str, &str, Option<$integer>); 7] = [
                            (Added(one(value)).into(), "Added", "overflows", first.checked_add(value)),
                            (Subtracted(one(value)).into(), "Subtracted", "overflows", first.checked_sub(value)),
                            (Multiplied(factor(value)).into(), "Multiplied", "overflows", first.checked_mul(value)),
                            (Divided(factor(value)).into(), "Divided", "cannot divide", first.checked_div(value)),
                            // The others are divided too, by one.
                            (Remained(factor(value)).into(), "Remained", "cannot divide", first.checked_rem(value)),
                            (
                                ShiftedLeft(one(value)).into(),
                                "ShiftedLeft",
                                "cannot shift",
                                bits.and_then(|bits| first.checked_shl(bits)),
                            ),
                            (
                                ShiftedRight(one(value)).into(),
                                "ShiftedRight",
                                "cannot shift",
                                bits.and_then(|bits| first.checked_shr(bits)),
                            ),
                        ];
                        for (event, name, what, expected) in cases {
                            let mut numbers = Numbers::init(Id::from_name("1"), &begin).unwrap().unwrap();
                            match (numbers.apply(&event), expected) {
                                (Ok(()), Some(expected)) => assert_eq!(numbers.$integer, expected, "{event:?}"),
                                (Err(overflow), None) => assert_eq!(
                                    overflow.to_string(),
                                    format!("`{name}` {what} `{}` of Numbers", stringify!($integer)),
                                ),
                                (applied, expected) => panic!("{event:?}: {applied:?} instead of {expected:?}"),
                            }
                        }
                    }
                }
            )*
        }
    };
}

numbers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

#[event]
pub struct Lowest;
#[event]
pub struct Highest;
#[event]
pub struct Added(pub Values);
#[event]
pub struct Subtracted(pub Values);
#[event]
pub struct Multiplied(pub Values);
#[event]
pub struct Divided(pub Values);
#[event]
pub struct Remained(pub Values);
#[event]
pub struct ShiftedLeft(pub Values);
#[event]
pub struct ShiftedRight(pub Values);

pub type Cents = i64;

/// A user's type with operators of its own.
#[derive(Debug, Default, PartialEq)]
pub struct Laps(u8);

impl AddAssign<u8> for Laps {
    fn add_assign(&mut self, laps: u8) {
        self.0 = self.0.wrapping_add(laps);
    }
}

/// A user's type that is added to an integer in a way of its own.
pub struct Capped(i64);

impl AddAssign<Capped> for i64 {
    fn add_assign(&mut self, Capped(most): Capped) {
        *self = (*self).max(most);
    }
}

#[derive(Aggregate, Debug)]
#[aggregate(created_by(Began, BeganBelow), events(Came, Halved, Rounded => Self::rounded))]
pub struct Mixed {
    #[id]
    id: Id<Mixed>,
    #[on(Came += |e| e.number, BeganBelow -= 1)]
    unsigned: u64,
    #[on(Came += |e| e.cents)]
    alias: Cents,
    #[on(Came += |e| Capped(e.cents))]
    capped: i64,
    #[on(Came += 200)]
    laps: Laps,
    #[on(Came += Wrapping(200))]
    wrapping: Wrapping<u8>,
    #[on(Came += 200)]
    wrapping_by_number: Wrapping<u8>,
    #[on(Came += Saturating(200))]
    saturating: Saturating<u8>,
    #[on(Came += 0.5, Halved /= 2.0)]
    float: f64,
    #[on(Came += |e| &e.text, Halved += "!")]
    text: String,
    #[on(Came += |e| e.time, Halved /= |e| e.by)]
    time: Duration,
    #[on(Began = |e| e.at, BeganBelow = SystemTime::UNIX_EPOCH, Came += |e| e.time)]
    at: SystemTime,
    #[on(Began = 100, Halved /= |e| NonZeroU32::new(e.by).unwrap_or(NonZeroU32::MIN))]
    halves: u32,
    #[on(Came |= true)]
    came: bool,
    rounded: u8,
}

#[event]
pub struct Began {
    pub at: SystemTime,
}

#[event]
pub struct BeganBelow;

#[event]
pub struct Came {
    pub number: u64,
    pub cents: Cents,
    pub text: String,
    pub time: Duration,
}

#[event]
pub struct Halved {
    pub by: u32,
}

#[event]
pub struct Rounded {
    pub up: u8,
}

impl Mixed {
    fn rounded(&mut self, event: &Rounded) -> Result<(), Overflow> {
        let rounded = self.rounded.checked_add(event.up);
        self.rounded = rounded.ok_or_else(|| Overflow::of::<Self>(Rounded::NAME, "rounded"))?;
        Ok(())
    }
}

fn began() -> Mixed {
    let at = SystemTime::UNIX_EPOCH;
    let mixed = Mixed::init(Id::from_name("1"), &Began { at }.into());
    mixed.unwrap().unwrap()
}

fn came() -> Came {
    Came {
        number: 3,
        cents: 5,
        text: "hi".into(),
        time: Duration::from_secs(7),
    }
}

#[test]
fn what_is_no_integer_keeps_its_own_operator() {
    let mut mixed = began();
    for event in [came(), came()] {
        mixed.apply(&event.into()).unwrap();
    }
    mixed.apply(&Halved { by: 2 }.into()).unwrap();
    assert_eq!((mixed.unsigned, mixed.alias, mixed.capped), (6, 10, 5));
    assert_eq!(mixed.laps, Laps(144));
    assert_eq!(mixed.wrapping, Wrapping(144));
    assert_eq!(mixed.wrapping_by_number, Wrapping(144));
    assert_eq!(mixed.saturating, Saturating(255));
    assert!((mixed.float - 0.5).abs() < f64::EPSILON);
    assert_eq!(mixed.text, "hihi!");
    assert_eq!(mixed.time, Duration::from_secs(7));
    assert_eq!(mixed.at, SystemTime::UNIX_EPOCH + Duration::from_secs(14));
    assert_eq!(mixed.halves, 50);
    assert!(mixed.came);
}

#[test]
fn an_alias_of_an_integer_is_one() {
    let mut mixed = began();
    let most = |cents| Came { cents, ..came() }.into();
    mixed.apply(&most(i64::MAX)).unwrap();
    let overflow = mixed.apply(&most(1)).unwrap_err();
    assert_eq!(
        (overflow.subject(), overflow.event(), overflow.field()),
        ("Mixed", "Came", "alias")
    );
}

#[test]
fn a_duration_and_a_time_are_checked() {
    let mut mixed = began();
    let overflow = mixed.apply(&Halved { by: 0 }.into()).unwrap_err();
    assert_eq!(
        overflow.to_string(),
        "`Halved` cannot divide `time` of Mixed"
    );
    let long = |time| Came { time, ..came() }.into();
    mixed.time = Duration::MAX;
    let overflow = mixed.apply(&long(Duration::from_secs(1))).unwrap_err();
    assert_eq!(overflow.field(), "time");
    let mut mixed = began();
    let overflow = mixed.apply(&long(Duration::MAX)).unwrap_err();
    assert_eq!(overflow.field(), "at");
}

#[test]
fn a_creating_event_can_overflow() {
    let id = Id::from_name("1");
    let overflow = Mixed::init(id, &BeganBelow.into()).unwrap_err();
    assert_eq!(
        overflow.to_string(),
        "`BeganBelow` overflows `unsigned` of Mixed"
    );
    let error = Mixed::rehydrate(id, [BeganBelow.into()]).unwrap_err();
    assert_eq!(
        error,
        HistoryError::Overflow {
            version: Version::FIRST,
            overflow
        }
    );
}

#[test]
fn a_function_in_the_list_says_what_it_cannot_apply() {
    let mut mixed = began();
    mixed.apply(&Rounded { up: 200 }.into()).unwrap();
    assert_eq!(mixed.rounded, 200);
    let overflow = mixed.apply(&Rounded { up: 200 }.into()).unwrap_err();
    assert_eq!(
        overflow.to_string(),
        "`Rounded` overflows `rounded` of Mixed"
    );
    assert_eq!(mixed.rounded, 200);
}

#[test]
fn the_error_of_a_history_says_where_it_overflows() {
    let id = Id::from_name("1");
    let at = SystemTime::UNIX_EPOCH;
    let most = |number| Came { number, ..came() }.into();
    let history = [Began { at }.into(), most(u64::MAX), most(1)];
    let error = Mixed::rehydrate(id, history).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Came` overflows `unsigned` of Mixed at version 3"
    );
}

/// A value with checked arithmetic; it need not be `Copy`.
#[value(arithmetic)]
#[derive(Default)]
pub struct Pieces(u8);

/// Another, which has an operator of its own beside it.
#[value(arithmetic)]
#[derive(Copy, Default)]
pub struct Money {
    pub cents: Cents,
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.cents = self.cents.wrapping_add(other.cents);
    }
}

#[derive(Aggregate, Debug)]
#[aggregate(created_by(Stocked), events(Bought, Grown))]
pub struct Stock {
    #[id]
    id: Id<Stock>,
    #[on(Bought += |e| &e.pieces, Stocked -= |e| Pieces(e.missing), Grown *= |e| e.times)]
    pieces: Pieces,
    #[on(Bought -= |e| e.price, Grown *= 2)]
    money: Money,
}

#[event]
pub struct Stocked {
    pub missing: u8,
}

#[event]
pub struct Bought {
    pub pieces: Pieces,
    pub price: Money,
}

#[event]
pub struct Grown {
    pub times: u8,
}

#[test]
fn a_value_with_arithmetic_is_checked_in_rules() {
    let id = Id::from_name("1");
    let stocked = Stocked { missing: 0 };
    let mut stock = Stock::init(id, &stocked.into()).unwrap().unwrap();
    let bought = |pieces, cents| {
        let (pieces, price) = (Pieces(pieces), Money { cents });
        Bought { pieces, price }.into()
    };
    stock.apply(&bought(100, 3)).unwrap();
    stock.apply(&Grown { times: 2 }.into()).unwrap();
    assert_eq!(
        (&stock.pieces, stock.money),
        (&Pieces(200), Money { cents: -6 })
    );

    let fields = [
        stock.apply(&bought(100, 0)),
        stock.apply(&bought(0, i64::MAX)),
        stock.apply(&Grown { times: 2 }.into()),
    ]
    .map(|applied| applied.unwrap_err().field());
    assert_eq!(fields, ["pieces", "money", "pieces"]);
    let overflow = Stock::init(id, &Stocked { missing: 1 }.into()).unwrap_err();
    assert_eq!(
        overflow.to_string(),
        "`Stocked` overflows `pieces` of Stock"
    );
}

#[test]
fn a_value_with_arithmetic_has_checked_functions() {
    assert_eq!(Pieces(250).checked_add(Pieces(5)), Some(Pieces(255)));
    assert_eq!(Pieces(250).checked_add(Pieces(6)), None);
    assert_eq!(Pieces(5).checked_sub(Pieces(5)), Some(Pieces(0)));
    assert_eq!(Pieces(5).checked_sub(Pieces(6)), None);
    assert_eq!(
        Money { cents: 7 }.checked_mul(-3),
        Some(Money { cents: -21 })
    );
    assert_eq!(Money { cents: i64::MIN }.checked_mul(-1), None);
}
