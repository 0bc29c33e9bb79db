//! [`Projection`]: what is made of events by hand.

use std::{error::Error, fmt};

#[cfg(feature = "postgres")]
use sqlx::PgConnection;
#[cfg(feature = "sqlite")]
use sqlx::SqliteConnection;

use crate::{
    model::hears::Hears,
    record::id::EventId,
    store::{port::Joinable, tables::Database},
};

/// What is made of events by hand, where rows by rules are not the shape: a search index, mails, messages for another system, or
/// statements of your own.
///
/// A worker gives it the events that it hears, of all tenants, in the order of the log and page by page. Its checkpoint moves when
/// a page is done. [`AppBuilder::projection`](crate::AppBuilder::projection) adds it to an app, and
/// [`App::start`](crate::App::start) starts its worker. As with read models, several processes share the work and one does it at
/// a time.
///
/// **With a transaction**, each event takes effect once. [`Transaction`](Self::Transaction) is then `sqlx::PgConnection` or
/// `sqlx::SqliteConnection`: what is written on that connection and the checkpoint are committed together. Beside the store in
/// memory, it is a connection to SQLite in memory.
///
/// **Without one**, each event takes effect at least once. [`Transaction`](Self::Transaction) is `()`. After an error, and after a
/// crash, some events come again, so give the other system the event's id, by which it can tell that it has it. The page may be
/// cut in another way then, but never the order.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::{Hears, Projection, ProjectionError, prelude::*};
/// use std::{sync::{Arc, Mutex}, time::Duration};
///
/// /// Writes to the owner of an account.
/// struct Letters {
///     sent: Arc<Mutex<Vec<String>>>,
/// }
///
/// enum Heard {
///     Opened(Recorded<Opened>),
///     Deposited(Recorded<Deposited>),
/// }
///
/// impl Projection for Letters {
///     const NAME: &'static str = "letters";
///     type Event = Heard;
///     type Transaction = ();
///
///     fn hears(hears: &mut Hears<Heard>) {
///         hears.on(Heard::Opened);
///         hears.on(Heard::Deposited);
///     }
///
///     async fn apply(&self, events: &[Heard], (): &mut ()) -> Result<(), ProjectionError> {
///         for event in events {
///             let letter = match event {
///                 Heard::Opened(opened) => format!("welcome, {}", opened.owner),
///                 Heard::Deposited(deposited) => format!("{} came in", deposited.amount),
///             };
///             self.sent.lock().unwrap().push(letter);
///         }
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sent = Arc::default();
/// let letters = Letters { sent: Arc::clone(&sent) };
/// let app = App::connect("memory:", Domain::of::<Account>()).projection(letters).await?;
/// let workers = app.start().await?;
/// let receipt = app.send(Open { id: Id::new(), owner: "Ada".into() }).await?;
/// app.wait_for_projection::<Letters>(&receipt, Duration::from_secs(10)).await?;
/// assert_eq!(*sent.lock().unwrap(), ["welcome, Ada"]);
/// workers.stop(Duration::from_secs(10)).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "not a projection",
    note = "write `impl Projection for {Self}`; a read model belongs in the domain: `.read_model::<{Self}>()`"
)]
pub trait Projection: Send + Sync + 'static {
    /// Its name, under which its checkpoint is kept: 1 to 40 of `a-z`, `0-9` and `_`, beginning with a letter, without `__`. No read
    /// model has a table of that name.
    const NAME: &'static str;

    /// From 1. Another version has a checkpoint of its own, so it begins with the first event of the log.
    const VERSION: u32 = 1;

    /// What the events come to: often an enum with a variant for each kind of event.
    type Event: Send + Sync + 'static;

    /// The connection of the transaction that the checkpoint moves in, or `()`.
    type Transaction: ProjectionTransaction;

    /// Says which events it hears. It is asked several times, and says the same each time.
    fn hears(hears: &mut Hears<Self::Event>);

    /// Does what there is to do for some events, in their order: those of one page, at most about 5,000 or 8 MiB, and never none.
    ///
    /// On the connection, it does not end the transaction, and it leaves no settings behind. On Postgres it pauses for less than five
    /// seconds between two statements; then the server would end the transaction, since nobody could take over the work from a
    /// process that stands still. On SQLite other writers wait meanwhile, so it sends no command.
    ///
    /// # Errors
    /// Any error. Nothing moves then, and the same events come again after a pause, which grows to five seconds. The same
    /// after a panic. [`ProjectionError::of_event`] says that one event can never be applied: its tenant is held back there.
    fn apply(
        &self,
        events: &[Self::Event],
        transaction: &mut Self::Transaction,
    ) -> impl Future<Output = Result<(), ProjectionError>> + Send;
}

/// What [`Projection::Transaction`] may be: `()`, `sqlx::PgConnection` with the feature `postgres`, and `sqlx::SqliteConnection` with
/// the feature `sqlite`.
#[diagnostic::on_unimplemented(
    message = "a projection cannot write on a `{Self}`",
    label = "not a connection that a store lends",
    note = "it is `sqlx::PgConnection` or `sqlx::SqliteConnection`, or `()` for no transaction",
    note = "the feature `postgres` or `sqlite` of intent-runtime must be on for that database"
)]
pub trait ProjectionTransaction: sealed::Lent {}

impl ProjectionTransaction for () {}

#[cfg(feature = "postgres")]
impl ProjectionTransaction for PgConnection {}

#[cfg(feature = "sqlite")]
impl ProjectionTransaction for SqliteConnection {}

pub(crate) mod sealed {
    use super::{Database, Joinable};

    pub trait Lent: Sized + Send + 'static {
        /// The database that lends it; `None` for no transaction.
        const DATABASE: Option<Database>;

        /// The connection that was lent.
        fn of(connection: Joinable<'_>) -> Option<&mut Self>;

        /// What stands for a connection where there is no transaction.
        fn none() -> Option<Self>;
    }
}

impl sealed::Lent for () {
    const DATABASE: Option<Database> = None;

    fn of(_: Joinable<'_>) -> Option<&mut Self> {
        None
    }

    fn none() -> Option<Self> {
        Some(())
    }
}

#[cfg(feature = "postgres")]
impl sealed::Lent for PgConnection {
    const DATABASE: Option<Database> = Some(Database::Postgres);

    fn of(connection: Joinable<'_>) -> Option<&mut Self> {
        match connection {
            Joinable::Postgres(connection) => Some(connection),
            _ => None,
        }
    }

    fn none() -> Option<Self> {
        None
    }
}

#[cfg(feature = "sqlite")]
impl sealed::Lent for SqliteConnection {
    const DATABASE: Option<Database> = Some(Database::Sqlite);

    fn of(connection: Joinable<'_>) -> Option<&mut Self> {
        match connection {
            Joinable::Sqlite(connection) => Some(connection),
            _ => None,
        }
    }

    fn none() -> Option<Self> {
        None
    }
}

/// Why a projection did not apply its events. Every error becomes one by `?`.
pub struct ProjectionError {
    /// The event that it is about, if it is about one.
    pub(crate) event: Option<EventId>,
    pub(crate) source: Box<dyn Error + Send + Sync>,
}

impl ProjectionError {
    /// It failed, and the same events may go well later.
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            event: None,
            source: why.into(),
        }
    }

    /// One of the events can never be applied. Its tenant is held back from there on, until that is mended or an operator leaves
    /// the event out; other tenants go on. Events of other tenants that came with it come again, and so do earlier ones of its tenant.
    pub fn of_event(event: EventId, why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            event: Some(event),
            source: why.into(),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ProjectionError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Debug for ProjectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionError")
            .field("event", &self.event)
            .field("source", &self.source)
            .finish()
    }
}

impl fmt::Display for ProjectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
