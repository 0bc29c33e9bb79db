//! One event twice: as the fourth of its versions, and as if there never had been another.

pub mod chained {
    use intent_runtime::prelude::*;

    #[event(version = 4, upcast(2 => cents_to_amount))]
    pub struct Deposited {
        pub amount: i64,
        #[since(2, default = "counter".into())]
        pub channel: String,
        #[renamed(4, from = "memo")]
        pub note: String,
    }

    fn cents_to_amount(mut v2: JsonObject) -> Result<JsonObject, UpcastError> {
        let cents: i64 = v2.take("cents")?;
        v2.set("amount", cents)?;
        Ok(v2)
    }

    #[derive(Aggregate)]
    #[aggregate(created_by(Deposited), events())]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(Deposited = |e| e.amount)]
        pub balance: i64,
    }
}

pub mod plain {
    use intent_runtime::prelude::*;

    #[event]
    pub struct Deposited {
        pub amount: i64,
        pub channel: String,
        pub note: String,
    }

    #[derive(Aggregate)]
    #[aggregate(created_by(Deposited), events())]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(Deposited = |e| e.amount)]
        pub balance: i64,
    }
}

/// Payloads of one event as its first version wrote them, and as its fourth does.
pub fn payloads(count: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let amounts = 0..count;
    let first = amounts
        .clone()
        .map(|amount| format!(r#"{{"cents":{amount},"memo":"rent for the month"}}"#).into_bytes());
    let fourth = amounts.map(|amount| {
        format!(r#"{{"amount":{amount},"channel":"counter","note":"rent for the month"}}"#)
            .into_bytes()
    });
    (first.collect(), fourth.collect())
}
