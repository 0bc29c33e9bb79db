//! Two aggregates, and the rows that events of theirs make, without a store.

use std::{collections::HashMap, error::Error, sync::Arc};

use intent_runtime::{
    Position,
    model::{AggregateEvent, EventOf, SchemaVersion},
    prelude::*,
    read_model::{Cell, Change, Routes},
    store::{StoredMetadata, StreamId},
};

#[derive(Aggregate, Debug, Clone)]
#[aggregate(
    created_by(Opened),
    events(Deposited, Withdrawn, Moved => (), Noted => (), Closed => ()),
    split(Transferred => split_transferred)
)]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
}

#[event]
pub struct Opened {
    pub owner: String,
    pub branch: String,
}

#[event(formerly("PaidIn"))]
pub struct Deposited {
    pub amount: i64,
    pub branch: String,
}

#[event]
pub struct Withdrawn {
    pub amount: i64,
}

#[event]
pub struct Moved {
    pub to: String,
}

#[event]
pub struct Noted {
    pub text: String,
}

#[event]
pub struct Closed;

/// A past event: a deposit and a withdrawal in one.
#[event]
pub struct Transferred {
    pub came_in: i64,
    pub went_out: i64,
}

fn split_transferred(event: Transferred) -> (Deposited, Withdrawn) {
    let branch = String::new();
    let amount = event.came_in;
    let deposited = Deposited { amount, branch };
    let amount = event.went_out;
    (deposited, Withdrawn { amount })
}

pub mod loan {
    use super::Noted;
    use intent_runtime::prelude::*;

    #[derive(Aggregate, Debug, Clone)]
    #[aggregate(created_by(Granted => Self::granted), events(Repaid => (), Noted => (), Closed => ()))]
    pub struct Loan {
        #[id]
        pub id: Id<Loan>,
    }

    impl Loan {
        fn granted(id: Id<Self>, _: &Granted) -> Self {
            Self { id }
        }
    }

    #[event]
    pub struct Granted {
        pub account: Id<super::Account>,
    }

    #[event]
    pub struct Repaid {
        pub amount: i64,
        pub branch: String,
    }

    #[event]
    pub struct Closed;
}

/// What a log has, an event after the other.
#[derive(Default)]
pub struct Log {
    pub events: Vec<RecordedEvent>,
}

impl Log {
    /// Adds an event of the aggregate `A`.
    pub fn add<A: Aggregate, E: EventOf<A>>(&mut self, id: Id<A>, event: E) -> &mut Self {
        let event: A::Event = event.into();
        let payload = event.encode().unwrap().get().to_owned();
        self.stored(id, event.name(), event.schema_version(), payload)
    }

    /// Adds an event by its stored name.
    pub fn stored<A: Aggregate>(
        &mut self,
        id: Id<A>,
        name: &str,
        version: u32,
        payload: String,
    ) -> &mut Self {
        let number = self.events.len() as u64 + 1;
        let stream = StreamId {
            tenant_id: TenantId::default(),
            aggregate_type: A::TYPE.into(),
            aggregate_id: id.into(),
        };
        self.events.push(RecordedEvent::new(
            Position::new(number),
            EventId::of(CommandId::from_key(&number.to_string()), 0),
            stream,
            Version::new(number),
            name.to_owned(),
            version,
            payload,
            StoredMetadata::from_json("{}"),
            at(number as i64 + 100),
            at(number as i64),
        ));
        self
    }
}

/// So many seconds after 1970 began.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

/// The first shape of every event here.
pub fn first() -> u32 {
    SchemaVersion::of::<Deposited>().stored()
}

/// The rows that the events make. Each is read back from its cells after every event.
pub fn rows<M: ReadModel>(log: &Log) -> Result<HashMap<M::Key, M>, Box<dyn Error>> {
    let routes = Routes::<M>::of_model();
    let mut rows = HashMap::new();
    for event in &log.events {
        for change in routes.changes(Arc::new(event.clone()))? {
            let Change::Row { key, effect } = change else {
                panic!("a model without links");
            };
            let mut row = rows.remove(&key);
            effect(&mut row)?;
            if let Some(row) = row {
                assert_eq!(row.key(), key, "a row has the key that it is kept under");
                rows.insert(key, M::from_cells(row.to_cells()?)?);
            }
        }
    }
    Ok(rows)
}

/// The cells of the one row.
pub fn only<M: ReadModel>(log: &Log) -> Vec<Cell> {
    let rows = rows::<M>(log).unwrap();
    assert_eq!(rows.len(), 1);
    rows.into_values().next().unwrap().to_cells().unwrap()
}
