//! R9: inline, async and rebuilt rows are equal, whatever writes the events.

use intent_runtime::{AppTransaction, Workers, prelude::*};
use intent_tests::postgres::TempDatabase;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{super::domain::LONG, domain::*};

/// How many histories each store gets.
fn cases() -> u32 {
    if std::env::var_os("INTENT_SOAK").is_some() {
        300
    } else {
        12
    }
}

const CUSTOMERS: usize = 3;

/// The same rows again, which a worker makes from the log alone.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "customers_again",
    mode = "inline",
    created_by(Registered, Returned),
    events(Addressed, Visited),
    removed_by(Left)
)]
pub struct Again {
    #[key]
    pub customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone(), Returned = |e| e.email.clone(), Addressed = |e| e.email.clone())]
    pub email: String,
    #[on(Visited += |e| e.pages)]
    pub pages: i64,
    #[on(Visited = |e| Some(e.version().get()))]
    pub last: Option<u64>,
    #[on(Visited = |e| Some(e.occurred_at()))]
    pub visited_at: Option<Timestamp>,
    #[on(Visited = |e| e.metadata().ok().and_then(|it| it.actor.clone()))]
    pub visited_by: Option<String>,
    #[on(Visited => |ids, e| ids.push(e.id()))]
    pub visits: Json<Vec<EventId>>,
}

fn again() -> Domain {
    domain().read_model::<Again>()
}

/// Who sends a command.
#[derive(Debug, Clone, Copy)]
enum Writer {
    Knows,
    /// Another process, whose cache has other states.
    Other,
    /// Without a cache.
    Cold,
    /// A build without the models.
    Older,
    Committed,
    RolledBack,
    /// A transaction that commits late, behind what others write meanwhile. On stores with one writer it commits at once.
    Late,
}

#[derive(Debug, Clone)]
enum Step {
    Visit(Vec<i64>),
    Rename,
    /// To an address of the customer's own, or one that several want.
    Address(bool),
    Leave,
    Return,
    /// Rows are made anew in place from here on, while the others go on.
    Rebuild,
}

fn steps() -> impl Strategy<Value = Vec<(usize, Writer, Step)>> {
    let writer = prop_oneof![
        3 => Just(Writer::Knows),
        2 => Just(Writer::Other),
        1 => Just(Writer::Cold),
        2 => Just(Writer::Older),
        1 => Just(Writer::Committed),
        1 => Just(Writer::RolledBack),
        1 => Just(Writer::Late),
    ];
    let step = prop_oneof![
        4 => vec(-9_i64..9, 1..4).prop_map(Step::Visit),
        2 => Just(Step::Rename),
        2 => any::<bool>().prop_map(Step::Address),
        1 => Just(Step::Leave),
        1 => Just(Step::Return),
        1 => Just(Step::Rebuild),
    ];
    vec((0..CUSTOMERS, writer, step), 1..30)
}

struct Place {
    app: App,
    other: App,
    cold: App,
    older: App,
    /// Whether a transaction lets others write.
    has_writers: bool,
}

impl Place {
    async fn on(url: &str) -> Self {
        let app = App::connect(url, domain()).await.unwrap();
        Self {
            other: App::on(&app, domain()).await.unwrap(),
            cold: App::on(&app, domain()).cache_bytes(0).await.unwrap(),
            older: App::on(&app, without_models()).await.unwrap(),
            has_writers: url.starts_with("postgres"),
            app,
        }
    }

    /// Sends what a step says. What is refused changes nothing.
    async fn step(
        &self,
        tenant: TenantId,
        id: Id<Customer>,
        writer: Writer,
        step: &Step,
        turn: usize,
    ) -> Option<AppTransaction> {
        let app = match writer {
            Writer::Other => &self.other,
            Writer::Cold => &self.cold,
            Writer::Older => &self.older,
            Writer::Knows | Writer::Committed | Writer::RolledBack | Writer::Late => &self.app,
        };
        let tenant = app.tenant(tenant);
        let mut begun = match writer {
            Writer::Committed | Writer::RolledBack | Writer::Late => {
                Some(tenant.transaction().await.unwrap())
            }
            _ => None,
        };
        macro_rules! send {
            ($command:expr) => {
                match &mut begun {
                    Some(begun) => begun.send($command).await.is_ok(),
                    None => tenant.send($command).await.is_ok(),
                }
            };
        }
        match step {
            Step::Visit(visits) => send!(Browse {
                id,
                visits: visits.clone()
            }),
            Step::Rename => send!(Rename {
                id,
                name: format!("{id} {turn}")
            }),
            // An older build knows nothing of what is unique.
            Step::Address(true) if !matches!(writer, Writer::Older) => {
                send!(Address {
                    id,
                    email: "shared".into()
                })
            }
            Step::Address(_) => send!(Address {
                id,
                email: format!("{id} {turn}")
            }),
            Step::Leave => send!(Leave { id }),
            Step::Rebuild => self.app.rebuild::<Listed>().await.is_ok(),
            // Nobody has an address that the customer had before.
            Step::Return => {
                let readdressed = send!(Address {
                    id,
                    email: format!("{id} {turn}")
                });
                readdressed && send!(ComeBack { id })
            }
        };
        match (begun, writer) {
            // A transaction that waits has no value that others may want.
            (Some(begun), Writer::Late)
                if self.has_writers && matches!(step, Step::Visit(_) | Step::Rename) =>
            {
                return Some(begun);
            }
            (Some(begun), Writer::Committed | Writer::Late) => begun.commit().await.unwrap(),
            (Some(begun), _) => begun.rollback().await.unwrap(),
            (None, _) => {}
        }
        None
    }
}

/// The rows of a model in a tenant, as text without the name of the model.
macro_rules! rows {
    ($app:expr, $tenant:expr, $model:ident) => {{
        let read = $app.tenant($tenant).read::<$model>();
        let rows = read.query("order by customer", ());
        let rows = rows.await.unwrap();
        let rows = rows.into_iter().map(|row| {
            let $model {
                customer,
                email,
                pages,
                last,
                visited_at,
                visited_by,
                visits,
            } = row;
            (customer, email, pages, last, visited_at, visited_by, visits)
        });
        rows.collect::<Vec<_>>()
    }};
}

async fn case(place: &Place, steps: Vec<(usize, Writer, Step)>) -> (TenantId, usize) {
    let tenant = TenantId::new();
    let mut customers = Vec::new();
    for index in 0..CUSTOMERS {
        let app = if index == 0 { &place.older } else { &place.app };
        let email = format!("customer {index}");
        customers.push(registered(&app.tenant(tenant), &email).await);
    }
    let mut late: Vec<Option<AppTransaction>> = vec![];
    late.resize_with(CUSTOMERS, || None);
    for (turn, (customer, writer, step)) in steps.iter().enumerate() {
        // Others wait for it.
        if let Some(late) = late[*customer].take() {
            late.commit().await.unwrap();
        }
        late[*customer] = place
            .step(tenant, customers[*customer], *writer, step, turn)
            .await;
    }
    for late in late.into_iter().flatten() {
        late.commit().await.unwrap();
    }
    place.app.settled(LONG).await.unwrap();
    let inline = rows!(place.app, tenant, Listed);
    assert_eq!(
        inline,
        rows!(place.app, tenant, Late),
        "inline and async rows"
    );
    (tenant, inline.len())
}

fn histories_on(url: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let place = runtime.block_on(Place::on(url));
    let workers: Workers = runtime.block_on(place.app.start()).unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    let mut runner = TestRunner::new(Config::with_cases(cases()));
    let tried = runner.run(&steps(), |steps| {
        let found = runtime.block_on(case(&place, steps));
        seen.borrow_mut().push(found);
        Ok(())
    });
    tried.unwrap();
    runtime.block_on(async {
        workers.stop(LONG).await.unwrap();
        let again = App::on(&place.app, again()).await.unwrap();
        let workers = again.start().await.unwrap();
        again.settled(LONG).await.unwrap();
        // Once more, by a build of its own.
        again.rebuild::<Listed>().await.unwrap();
        again.settled(LONG).await.unwrap();
        let mut count = 0;
        for (tenant, rows) in seen.into_inner() {
            assert_eq!(
                rows!(again, tenant, Listed),
                rows!(again, tenant, Again),
                "rebuilt rows"
            );
            count += rows;
        }
        assert!(count > 0, "there are rows to compare");
        workers.stop(LONG).await.unwrap();
        place.app.close().await.unwrap();
    });
}

#[test]
fn inline_async_and_rebuilt_rows_are_equal_in_memory() {
    histories_on("memory:");
}

#[test]
fn inline_async_and_rebuilt_rows_are_equal_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    histories_on(&format!(
        "sqlite:{}",
        folder.path().join("events.db").display()
    ));
}

#[test]
fn inline_async_and_rebuilt_rows_are_equal_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TempDatabase::new());
    histories_on(&database.url());
    drop(database);
}
