//! Looking things up: the aggregates of a type, and events from the end of the log backwards.

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
};

use crate::{
    app::{Core, tenant::Tenant},
    dispatch::error::LoadError,
    log::filter::LogFilter,
    model::aggregate::Aggregate,
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, CorrelationId, EventId, Id, TenantId},
        stream::AggregateType,
        timestamp::Timestamp,
    },
    store::{
        error::StoreError,
        lookup::{EventPage, ListStreams, LookBack as Request, ReadCorrelation},
    },
    worker::last_event,
};

/// How many aggregates or events a page has at most, unless the caller sets another limit.
const LIMIT: usize = 100;

/// The aggregates of a type in a tenant, page by page: made by [`Tenant::ids`], and awaited.
///
/// A page may lack an aggregate whose first event is in a transaction that is still open. To miss none, follow the log.
#[must_use = "nothing is looked up until it is awaited"]
pub struct Ids<A> {
    tenant: Tenant,
    list: ListStreams,
    of: PhantomData<fn() -> A>,
}

impl<A: Aggregate> Ids<A> {
    /// Only the aggregates that follow this one, which is the last of the page before.
    pub fn after(mut self, last: impl Into<Option<Id<A>>>) -> Self {
        self.list.after = last.into().map(|id| AggregateId::from_uuid(id.as_uuid()));
        self
    }

    /// The newest aggregates first. Without this call, the oldest come first.
    pub fn newest(mut self) -> Self {
        self.list.newest_first = true;
        self
    }

    /// How many at most, at least one; 100 unless set.
    pub fn limit(mut self, limit: usize) -> Self {
        self.list.limit = limit.max(1);
        self
    }
}

/// The ids. Fails with [`LoadError::NotRegistered`], with [`StoreError::UnknownStream`] after an aggregate that does not exist,
/// or when the store fails.
impl<A: Aggregate> IntoFuture for Ids<A> {
    type Output = Result<Vec<Id<A>>, LoadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { tenant, list, .. } = self;
            tenant.registered::<A>()?;
            let ids = tenant.core.store.streams(list).await?;
            Ok(ids
                .into_iter()
                .map(|id| Id::from_uuid(id.as_uuid()))
                .collect())
        })
    }
}

impl<A> fmt::Debug for Ids<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ids").field(&self.list).finish()
    }
}

/// A search from the end of the log backwards, made by [`Tenant::look_back`] or [`App::look_back`](crate::App::look_back), and
/// awaited. One page looks at no more than 10,000 events, whether they match or not. So a page without events may have matching
/// ones before it: its `next` says so.
///
/// An event in a transaction that is still open when its neighbours are read may be missing. Up to the cursor of a reader of
/// the log, none is missing.
///
/// ```
/// # async fn last_of_ada(app: &intent_runtime::App) -> Result<(), intent_runtime::StoreError> {
/// use intent_runtime::LogFilter;
/// let mut page = app.look_back(LogFilter::all()).by("ada").containing("rent").await?;
/// while let (true, Some(next)) = (page.events.is_empty(), page.next) {
///     page = app.look_back(LogFilter::all()).by("ada").containing("rent").from(next).await?;
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is looked up until it is awaited"]
#[derive(Debug)]
pub struct LookBack {
    app: Tenant,
    /// Whose events; `None` for those of all tenants.
    tenant: Option<TenantId>,
    filter: LogFilter,
    from: Option<Cursor>,
    actor: Option<String>,
    text: Option<String>,
    limit: usize,
}

impl LookBack {
    pub(super) fn new(app: Tenant, tenant: Option<TenantId>, filter: LogFilter) -> Self {
        Self {
            app,
            tenant,
            filter,
            from: None,
            actor: None,
            text: None,
            limit: LIMIT,
        }
    }

    /// Begins with the event that this cursor is after, and goes back from there. Without this call, it begins at the end of
    /// the log.
    pub fn from(mut self, cursor: Cursor) -> Self {
        self.from = Some(cursor);
        self
    }

    /// Only events whose metadata names this actor.
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Only events with this text in their payload or metadata. The text is compared with the JSON as it is stored, where a
    /// quotation mark is written `\"`. Upper and lower case of A to Z count as the same letter, and no others do.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// How many events at most, at least one; 100 unless set.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

/// The page, the newest event first. Fails with [`StoreError::UnknownCursor`] or [`StoreError::InvalidFilter`], with
/// [`StoreError::Metadata`] if the events of an actor are wanted and the metadata of an event cannot be read, or when the store
/// fails.
impl IntoFuture for LookBack {
    type Output = Result<EventPage, StoreError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Core {
                store, catalogue, ..
            } = &self.app.core;
            let filter = self.filter.in_domain(catalogue);
            let filter = filter.map_err(|what| StoreError::InvalidFilter { what })?;
            let mut look = Request::new(&filter, self.limit);
            look.from = self.from;
            look.tenant = self.tenant;
            look.actor = self.actor.as_deref();
            look.text = self.text.as_deref();
            store.look_back(look).await
        })
    }
}

/// The events of a correlation in a tenant, page by page in the order of the log: made by [`Tenant::correlation`], and awaited.
///
/// A page may lack an event that a transaction under way stores.
#[must_use = "nothing is looked up until it is awaited"]
#[derive(Debug)]
pub struct Correlation {
    tenant: Tenant,
    read: ReadCorrelation,
}

impl Correlation {
    /// Only events behind this cursor: the `next` of the page before.
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.read.after = cursor;
        self
    }

    /// How many events at most, at least one; 100 unless set.
    pub fn limit(mut self, limit: usize) -> Self {
        self.read.limit = limit;
        self
    }
}

/// The page. Fails with [`StoreError::UnknownCursor`], with [`StoreError::Metadata`] where an event's metadata cannot be read, or
/// when the store fails.
impl IntoFuture for Correlation {
    type Output = Result<EventPage, StoreError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.tenant.core.store.correlation(self.read).await })
    }
}

impl Tenant {
    /// The aggregates of a type, in the order in which they were begun, a hundred a page.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// # use intent_runtime::prelude::*;
    /// # async fn list(app: &App) -> Result<(), LoadError> {
    /// let newest = app.ids::<Account>().newest().limit(20).await?;
    /// let next = app.ids::<Account>().newest().after(newest.last().copied()).limit(20).await?;
    /// # Ok(()) }
    /// ```
    pub fn ids<A: Aggregate>(&self) -> Ids<A> {
        Ids {
            tenant: self.clone(),
            list: ListStreams::new(self.id, AggregateType::of::<A>(), LIMIT),
            of: PhantomData,
        }
    }

    /// The event with an id, if this tenant has it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.core.store.event(self.id, id).await
    }

    /// The events of a correlation, a hundred a page: those of the command that began it, and what followed from them. A command
    /// begins one under its own id unless its metadata names another.
    ///
    /// ```
    /// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
    /// # use account::*;
    /// # use intent_runtime::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let app = App::connect("memory:", Domain::of::<Account>()).await?;
    /// let id = Id::<Account>::new();
    /// let opened = app.send(Open { id, owner: "Ada".into() }).await?;
    /// let page = app.correlation(opened.command_id).await?;
    /// assert_eq!(page.events.len(), 1);
    ///
    /// let gift = SendOptions::new().caused_by(&page.events[0]);
    /// app.send_with(Deposit { id, amount: 5 }, gift).await?;
    /// assert_eq!(app.correlation(opened.command_id).await?.events.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn correlation(&self, id: impl Into<CorrelationId>) -> Correlation {
        Correlation {
            tenant: self.clone(),
            read: ReadCorrelation::new(self.id, id.into(), LIMIT),
        }
    }

    /// Searches this tenant's events from the end of the log backwards.
    pub fn look_back(&self, filter: LogFilter) -> LookBack {
        LookBack::new(self.clone(), Some(self.id), filter)
    }

    /// The end of this tenant's log: the cursor after its last event that can be seen now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_end(&self) -> Result<Cursor, StoreError> {
        last_event(&*self.core.store, Some(self.id)).await
    }

    /// The cursor at which this tenant's log stood at a time, by the store's clock, for
    /// [`Subscription::after`](crate::Subscription::after). The events up to it were recorded at or before the time, and those
    /// after it later. Times in the log may go back and forth, since an import keeps the times of its events, several writers are
    /// at work at once, and a clock may be set back. Then this is one of several such places. An event of a transaction that is
    /// open now may come to stand before it, so a reader that must miss none starts at an earlier time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn cursor_at(&self, time: Timestamp) -> Result<Cursor, StoreError> {
        self.core.store.cursor_at(Some(self.id), time).await
    }
}
