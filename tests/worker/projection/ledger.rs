//! Projections of the bank.

use std::sync::{Arc, Mutex};

use intent_runtime::{Hears, Projection, ProjectionError, prelude::*};
use sqlx::{PgConnection, SqliteConnection};

use super::domain::{Opened, Paid};

#[derive(Debug)]
pub enum Heard {
    Opened(Recorded<Opened>),
    Paid(Recorded<Paid>),
}

impl Heard {
    pub fn all(hears: &mut Hears<Self>) {
        hears.on(Self::Opened);
        hears.on(Self::Paid);
    }

    pub fn id(&self) -> EventId {
        match self {
            Self::Opened(event) => event.id(),
            Self::Paid(event) => event.id(),
        }
    }

    pub fn amount(&self) -> i64 {
        match self {
            Self::Opened(_) => 0,
            Self::Paid(event) => event.amount,
        }
    }
}

/// What is asked before events are written down.
pub type Ask = Arc<dyn Fn(&Heard) -> Result<(), ProjectionError> + Send + Sync>;

pub fn fine() -> Ask {
    Arc::new(|_| Ok(()))
}

/// A list outside of the store.
#[derive(Clone)]
pub struct List {
    pub heard: Arc<Mutex<Vec<(EventId, i64)>>>,
    pub ask: Ask,
}

impl List {
    pub fn asking(ask: Ask) -> Self {
        let heard = Arc::default();
        Self { heard, ask }
    }

    pub fn amounts(&self) -> Vec<i64> {
        let heard = self.heard.lock().unwrap();
        heard.iter().map(|(_, amount)| *amount).collect()
    }
}

impl Projection for List {
    const NAME: &'static str = "list";
    type Event = Heard;
    type Transaction = ();

    fn hears(hears: &mut Hears<Heard>) {
        Heard::all(hears);
    }

    async fn apply(&self, events: &[Heard], (): &mut ()) -> Result<(), ProjectionError> {
        assert!(!events.is_empty(), "a page without events");
        for event in events {
            (self.ask)(event)?;
            self.heard
                .lock()
                .unwrap()
                .push((event.id(), event.amount()));
        }
        Ok(())
    }
}

/// The statements that a projection with a transaction runs.
const MAKE: &str =
    "CREATE TABLE IF NOT EXISTS ledger (event TEXT NOT NULL, amount BIGINT NOT NULL)";
const PUT: &str = "INSERT INTO ledger VALUES ($1, $2)";
const READ: &str = "SELECT amount FROM ledger ORDER BY amount";

/// A table of one's own. Nothing in it keeps an event from being written twice.
macro_rules! ledger {
    ($name:ident, $connection:ty) => {
        #[derive(Clone)]
        pub struct $name(pub Ask);

        impl Projection for $name {
            const NAME: &'static str = "ledger";
            type Event = Heard;
            type Transaction = $connection;

            fn hears(hears: &mut Hears<Heard>) {
                Heard::all(hears);
            }

            async fn apply(
                &self,
                events: &[Heard],
                transaction: &mut $connection,
            ) -> Result<(), ProjectionError> {
                sqlx::query(MAKE).execute(&mut *transaction).await?;
                for event in events {
                    (self.0)(event)?;
                    sqlx::query(PUT)
                        .bind(event.id().to_string())
                        .bind(event.amount())
                        .execute(&mut *transaction)
                        .await?;
                }
                Ok(())
            }
        }

        impl $name {
            /// The amounts in the table, from the smallest on.
            pub async fn amounts(connection: &mut $connection) -> Vec<i64> {
                sqlx::query(MAKE).execute(&mut *connection).await.unwrap();
                sqlx::query_scalar(READ)
                    .fetch_all(connection)
                    .await
                    .unwrap()
            }
        }
    };
}

ledger!(SqliteLedger, SqliteConnection);
ledger!(PgLedger, PgConnection);
