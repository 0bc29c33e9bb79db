//! Chapter "Events and versions".

use intent_runtime::{DecodeError, prelude::*};

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
