//! What is kept in memory changes nothing but speed: any commands through two apps on one store have the outcomes that they
//! have without a cache.

use std::error::Error;

use intent_runtime::{
    App, Command, Decide, MemoryStore, PgStore, Refusal, SendError, Tenant, prelude::*,
};
use intent_tests::postgres::TempDatabase;
use proptest::{collection::vec, option, prelude::*, test_runner::TestRunner};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser};
use sqlx::PgPool;
use tokio::runtime::Runtime;

#[derive(Aggregate, Debug)]
#[aggregate(
    created_by(Begun),
    events(Measured, Averaged, Dealt, Filled),
    snapshot(every = 3)
)]
pub struct Series {
    #[id]
    id: Id<Series>,
    #[on(Measured += |_| 1, Filled += |_| 1)]
    count: i64,
    #[on(Measured += |e| e.value)]
    total: i64,
    #[on(Averaged = |e| e.average)]
    average: f64,
    #[on(Dealt = |e| e.share.0)]
    share: i64,
}

#[event]
pub struct Begun;

#[event]
pub struct Measured {
    value: i64,
}

#[event]
pub struct Averaged {
    average: f64,
}

#[event]
pub struct Dealt {
    share: Share,
}

#[event]
pub struct Filled;

/// A value that cannot be written when it is 0.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Share(i64);

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => Err(ser::Error::custom("nothing is shared")),
            share => serializer.serialize_i64(share),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("only {0} are left")]
pub struct TooFew(i64);

/// Every way in which a decision can depend on what its state has.
#[commands]
impl Series {
    #[create]
    pub fn begin() -> Begun {
        Begun
    }

    #[handle]
    pub fn measure(&self, value: i64) -> Measured {
        Measured { value }
    }

    /// Refuses.
    #[handle]
    pub fn take(&self, value: i64) -> Result<Measured, TooFew> {
        if value > self.total {
            return Err(TooFew(self.total));
        }
        Ok(Measured { value: -value })
    }

    /// Does nothing.
    #[handle]
    pub fn measure_once(&self, value: i64) -> Option<Measured> {
        (self.count == 0).then_some(Measured { value })
    }

    /// Cannot be read back while there is nothing: it is not a number.
    #[handle]
    pub fn average(&self) -> Averaged {
        let average = self.total as f64 / self.count as f64;
        Averaged { average }
    }

    /// Cannot be written while there is nothing.
    #[handle]
    pub fn deal(&self) -> Dealt {
        let share = Share(self.total);
        Dealt { share }
    }

    /// Has more events than may be while there is nothing.
    #[handle]
    pub fn fill(&self) -> Vec<SeriesEvent> {
        let events = if self.count == 0 { 10_001 } else { 1 };
        vec![Filled.into(); events]
    }

    /// Breaks the history while there is nothing.
    #[handle]
    pub fn begin_again(&self) -> BegunOrFilled {
        BegunOrFilled(self.count == 0)
    }

    /// Panics while there is nothing.
    #[handle]
    pub fn look(&self) -> Measured {
        assert!(self.count > 0, "there is nothing to look at");
        Measured { value: 0 }
    }
}

/// One of two events.
pub struct BegunOrFilled(bool);

impl intent_runtime::model::IntoEvents<Series> for BegunOrFilled {
    fn append_to(self, events: &mut Vec<SeriesEvent>) {
        events.push(if self.0 { Begun.into() } else { Filled.into() });
    }
}

#[derive(Clone, Copy, Debug)]
enum Asked {
    Begin,
    Measure(i64),
    Take(i64),
    MeasureOnce(i64),
    Average,
    Deal,
    Fill,
    BeginAgain,
    Look,
}

/// Where a command is sent, and in what transaction.
#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    Joined { commits: bool },
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// Through which of the two apps.
    app: usize,
    /// To which of two aggregates.
    name: &'static str,
    asked: Asked,
    retries: u32,
    expected: Option<u64>,
    command_id: Option<u8>,
    way: Way,
}

fn step() -> impl Strategy<Value = Step> {
    let asked = prop_oneof![
        3 => Just(Asked::Begin),
        3 => prop_oneof![4 => 1..4_i64, 1 => Just(i64::MAX)].prop_map(Asked::Measure),
        2 => (1..6_i64).prop_map(Asked::Take),
        1 => (1..4_i64).prop_map(Asked::MeasureOnce),
        2 => Just(Asked::Average),
        2 => Just(Asked::Deal),
        1 => Just(Asked::Fill),
        2 => Just(Asked::BeginAgain),
        1 => Just(Asked::Look),
    ];
    let way = prop_oneof![
        4 => Just(Way::Plain),
        1 => any::<bool>().prop_map(|commits| Way::Joined { commits }),
    ];
    let sent = (
        0..2_usize,
        prop_oneof![4 => Just("one"), 1 => Just("two")],
        prop_oneof![Just(0), Just(3)],
        option::weighted(0.2, 0..6_u64),
        option::weighted(0.2, 0..4_u8),
    );
    (sent, asked, way).prop_map(
        |((app, name, retries, expected, command_id), asked, way)| Step {
            app,
            name,
            asked,
            retries,
            expected,
            command_id,
            way,
        },
    )
}

/// What a sender learns, as text.
async fn send(tenant: &Tenant, pool: Option<&PgPool>, step: Step) -> String {
    let id = Id::from_name(step.name);
    match step.asked {
        Asked::Begin => send_one(tenant, pool, step, Begin { id }).await,
        Asked::Measure(value) => send_one(tenant, pool, step, Measure { id, value }).await,
        Asked::Take(value) => send_one(tenant, pool, step, Take { id, value }).await,
        Asked::MeasureOnce(value) => send_one(tenant, pool, step, MeasureOnce { id, value }).await,
        Asked::Average => send_one(tenant, pool, step, Average { id }).await,
        Asked::Deal => send_one(tenant, pool, step, Deal { id }).await,
        Asked::Fill => send_one(tenant, pool, step, Fill { id }).await,
        Asked::BeginAgain => send_one(tenant, pool, step, BeginAgain { id }).await,
        Asked::Look => send_one(tenant, pool, step, Look { id }).await,
    }
}

async fn send_one<C>(tenant: &Tenant, pool: Option<&PgPool>, step: Step, command: C) -> String
where
    C: Command<Aggregate = Series>,
    Series: Decide<C>,
{
    let mut options = SendOptions::new().retries(step.retries);
    if let Some(version) = step.expected {
        options = options.expect_version(Version::new(version));
    }
    if let Some(id) = step.command_id {
        options = options.command_id(CommandId::from_key(&id.to_string()));
    }
    let named = tenant.id().to_string();
    let (tenant, pool) = (tenant.clone(), pool.cloned());
    // A decision that panics ends its task only.
    let sending = tokio::spawn(async move {
        match (step.way, pool) {
            (Way::Joined { commits }, Some(pool)) => {
                let mut transaction = pool.begin().await.unwrap();
                let sent = tenant.send_in(&mut transaction, command, options).await;
                if commits {
                    transaction.commit().await.unwrap();
                } else {
                    transaction.rollback().await.unwrap();
                }
                told(sent)
            }
            _ => told(tenant.send_with(command, options).await),
        }
    });
    match sending.await {
        Ok(told) => told.replace(&named, "a tenant"),
        Err(error) if error.is_panic() => String::from("panicked"),
        Err(error) => panic!("{error}"),
    }
}

fn told<C>(sent: Result<Receipt<Series>, SendError<Refusal<C>>>) -> String
where
    C: Command<Aggregate = Series>,
    Series: Decide<C>,
{
    match sent {
        Ok(receipt) => format!(
            "version {} repeated {} events {:?}",
            receipt.version, receipt.repeated, receipt.events
        ),
        Err(error) => {
            let mut told = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                told = format!("{told}: {error}");
                cause = error.source();
            }
            told
        }
    }
}

/// Sends the same through two apps that keep aggregates, and through two that keep none, in two tenants of one store.
async fn compare(
    store: impl intent_runtime::store::Store + Clone,
    pool: Option<&PgPool>,
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let (keeping, plain) = (TenantId::new(), TenantId::new());
    let app = async |bytes: u64, tenant: TenantId| {
        let app = App::on(store.clone(), Domain::of::<Series>()).cache_bytes(bytes);
        app.await.unwrap().tenant(tenant)
    };
    let keeping = [app(1 << 20, keeping).await, app(1 << 20, keeping).await];
    let plain = [app(0, plain).await, app(0, plain).await];
    for (number, step) in steps.iter().enumerate() {
        let kept = send(&keeping[step.app], pool, *step).await;
        let newest = send(&plain[step.app], pool, *step).await;
        prop_assert_eq!(kept, newest, "step {} of {:?}", number, steps);
    }
    for name in ["one", "two"] {
        let id = Id::<Series>::from_name(name);
        let events = async |tenant: &Tenant| {
            let history = tenant.history(id).await.unwrap_or_default();
            let events = history.into_iter().map(|recorded| recorded.event);
            events.collect::<Vec<_>>()
        };
        prop_assert_eq!(events(&keeping[0]).await, events(&plain[0]).await);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_cache_changes_no_outcome(steps in vec(step(), 1..24)) {
        super::block_on(compare(MemoryStore::new(), None, &steps))?;
    }
}

/// Also where some commands join transactions, which the cache of the app that sends them does not see.
#[test]
fn a_cache_changes_no_outcome_beside_transactions() {
    let runtime = Runtime::new().unwrap();
    let (_database, pool, store) = runtime.block_on(async {
        let database = TempDatabase::new().await;
        let pool = PgPool::connect(&database.url()).await.unwrap();
        let store = PgStore::new(pool.clone()).await.unwrap();
        (database, pool, store)
    });
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let compared = runner.run(&vec(step(), 1..24), |steps| {
        runtime.block_on(compare(store.clone(), Some(&pool), &steps))
    });
    compared.unwrap();
}
