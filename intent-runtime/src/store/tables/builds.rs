//! Builds of read models: how their rows are made anew beside those that are read, and how workers are told what to do.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        id::{EventId, TenantId},
        timestamp::Timestamp,
    },
    store::{
        port::StoreFuture,
        tables::{LINKS, LastEvent, Lease, Table},
    },
};

/// Which builds of read models there are, and what operators ask of their workers.
///
/// Each version of a model has its rows in a table for each build, which one worker writes. A build is published once, when it is
/// as far as the log. From then on the views of its model show it. Whatever an operator asks for takes the lease away from the
/// workers that it concerns. So no worker writes before it has seen what was asked for.
pub trait Builds: Send + Sync {
    /// Notes the first build of a version, if the version has none.
    fn enlist<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()>;

    /// Makes the table of an inline model, if it is missing: commands write to it.
    fn prepare<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()>;

    /// The builds of a version, or of all versions of all models, in the order of model, version and number.
    fn builds<'a>(&'a self, of: Option<&'a Table>) -> StoreFuture<'a, Vec<BuildState>>;

    /// Makes the table and the indexes of a build that begins: empty, whatever a table of that name had. `false` if the lease is
    /// lost, or the build has begun.
    fn begin<'a>(&'a self, build: Build<'a>, lease: Lease, owner: Uuid) -> StoreFuture<'a, bool>;

    /// How the table of a build differs from what its model needs, with its indexes, and with its views if it is published.
    fn inspect<'a>(&'a self, build: Build<'a>) -> StoreFuture<'a, Vec<Drift>>;

    /// What the program lacks to keep tables, such as a right. A store without rights has nothing to tell.
    fn lacking(&self) -> StoreFuture<'_, Vec<Drift>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The statements that drop a build with all that is noted of it, of a version that nobody reads any more; `None` where the
    /// store has no statements. `newest` says that the view of the model shows this version, and goes with it.
    fn drop_statements(&self, build: &BuildState, newest: bool) -> Option<String> {
        let _ = (build, newest);
        None
    }

    /// Lets the views show a build, and drops the earlier builds of the same version, all in one transaction.
    fn publish<'a>(&'a self, publish: Publish<'a>) -> StoreFuture<'a, Published>;

    /// Notes why a worker cannot go on, unless another one does its work.
    fn note_failure<'a>(
        &'a self,
        worker: &'a str,
        owner: Uuid,
        reason: &'a str,
    ) -> StoreFuture<'a, ()>;

    /// Notes a new build of a version, and returns its number. It takes the place of one that is not published yet.
    fn rebuild<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, u32>;

    /// Lets the workers of a version stand still from now on, or go on.
    fn pause<'a>(&'a self, table: &'a Table, paused: bool) -> StoreFuture<'a, ()>;

    /// Notes that a version leaves out an event, in all of its builds. `false` if the event holds back no tenant; then nothing is
    /// noted. A build that is not published and does not wait for this event begins anew, since it may have applied it.
    fn skip<'a>(&'a self, table: &'a Table, skip: SkipEvent<'a>) -> StoreFuture<'a, bool>;

    /// The events that a version leaves out, in the order in which that was noted.
    fn skips<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, Vec<Skip>>;
}

/// One build of the rows of a version.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Build<'a> {
    /// The version.
    pub table: &'a Table,
    /// Its number in the version, from 1 on.
    pub number: u32,
}

impl<'a> Build<'a> {
    /// The build of a version that has this number.
    pub const fn new(table: &'a Table, number: u32) -> Self {
        Self { table, number }
    }

    /// The name of the worker that writes it: `balances__2_1` is the first build of version 2 of `balances`.
    pub fn worker(&self) -> String {
        format!("{}_{}", self.table.view(), self.number)
    }

    /// The name of its table, without schema and prefix: that of its worker. The builds of an inline model share the table of the
    /// first one.
    pub fn table_name(&self) -> String {
        match self.table.inline {
            true => Self::new(self.table, 1).worker(),
            false => format!("{}{}", self.worker(), self.table.suffix),
        }
    }

    /// The same build of the table of links, if there is one.
    pub fn links(&self) -> Option<Build<'static>> {
        let links = self.table.links?;
        Some(Build::new(links, self.number))
    }

    /// Its tables: that of the rows, and that of the links, if there is one.
    pub(crate) fn tables(self) -> impl Iterator<Item = Self> {
        let links: Option<Self> = self.links();
        std::iter::once(self).chain(links)
    }

    /// Those of the tables with these names, without schema and prefix, that are of earlier builds of the same version.
    pub fn earlier(&self, tables: Vec<String>) -> impl Iterator<Item = String> {
        let (view, own) = (self.table.view(), self.number);
        tables.into_iter().filter(move |table| {
            let number = table
                .strip_prefix(&*view)
                .and_then(|rest| rest.strip_prefix('_'))
                .map(|rest| rest.strip_suffix(LINKS).unwrap_or(rest));
            let is_earlier = |number: &str| number.parse::<u32>().is_ok_and(|number| number < own);
            number.is_some_and(is_earlier) && !self.table.inline
        })
    }
}

/// What is known of a build and of its worker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildState {
    /// The name of its worker.
    pub worker: String,
    /// The model.
    pub model: String,
    /// The version.
    pub version: u32,
    /// Its number in the version.
    pub number: u32,
    /// How often the lease of the worker has changed hands, or was taken away.
    pub epoch: i64,
    /// Who holds the lease.
    pub holder: Option<Uuid>,
    /// Since when it stands still because an operator asked for it.
    pub paused: Option<Timestamp>,
    /// Whether the views show it.
    pub published: bool,
    /// Up to where its rows are written.
    pub cursor: Cursor,
    /// How many tenants it holds back.
    pub parked: u64,
    /// Why its worker cannot go on.
    pub failure: Option<String>,
    /// When the lease runs out, or ran out.
    pub expires: Option<Timestamp>,
    /// The last event that its rows are made of.
    pub last: Option<LastEvent>,
    /// The stored names of the events that its rows are made of, a line for each; `None` before that was noted.
    pub heard: Option<String>,
}

impl BuildState {
    /// A build that has just been noted.
    pub fn new(build: Build<'_>) -> Self {
        Self {
            worker: build.worker(),
            model: build.table.name.to_owned(),
            version: build.table.version,
            number: build.number,
            epoch: 0,
            holder: None,
            paused: None,
            published: false,
            cursor: Cursor::START,
            parked: 0,
            failure: None,
            expires: None,
            last: None,
            heard: None,
        }
    }

    /// Whether it is one of a version.
    pub fn is_of(&self, table: &Table) -> bool {
        self.model == table.name && self.version == table.version
    }
}

/// How a table or a view differs from what a read model needs, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// What differs.
    pub what: String,
    /// The statements that mend it, if statements do.
    pub sql: Option<String>,
    /// Whether no event is applied until it is mended. Otherwise it only makes reading slower.
    pub stops: bool,
}

impl Drift {
    /// A difference that keeps the worker from applying events.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            sql: None,
            stops: true,
        }
    }

    /// The same, if it `stops` the worker.
    #[must_use]
    pub fn stops(self, stops: bool) -> Self {
        Self { stops, ..self }
    }

    /// A difference that statements mend.
    #[must_use]
    pub fn mended_by(self, sql: impl Into<String>) -> Self {
        let sql = Some(sql.into());
        Self { sql, ..self }
    }
}

/// Asks for a build to be shown by the views.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Publish<'a> {
    /// The build.
    pub build: Build<'a>,
    /// The lease of its worker, with the checkpoint that it wrote last.
    pub lease: Lease,
    /// Who holds the lease.
    pub owner: Uuid,
    /// The end of the log. A checkpoint beyond it is one of another log.
    pub end: Cursor,
}

impl<'a> Publish<'a> {
    /// Publishes a build.
    pub const fn new(build: Build<'a>, lease: Lease, owner: Uuid, end: Cursor) -> Self {
        Self {
            build,
            lease,
            owner,
            end,
        }
    }

    /// Whether rows are read that are further on, up to this checkpoint. In their place, readers would miss what they have seen.
    pub fn is_behind(&self, read: Cursor) -> bool {
        let is_beyond = |other| read.compare(other).is_ok_and(Ordering::is_gt);
        is_beyond(self.lease.cursor) && !is_beyond(self.end)
    }
}

/// What became of publishing a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The views show it.
    Done,
    /// The build that is read is further on. Nothing was changed.
    Behind,
    /// Somebody reads the views or writes. Nothing was changed.
    Busy,
    /// The lease is lost. Nothing was changed.
    Lost,
}

/// An event that a version leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skip {
    /// The tenant that it held back.
    pub tenant: TenantId,
    /// The event.
    pub event: EventId,
    /// Why it is left out.
    pub reason: String,
    /// Who said so.
    pub by: Option<String>,
    /// When, by the clock of the store.
    pub at: Timestamp,
}

impl Skip {
    /// An event that is left out. For stores.
    pub const fn new(
        tenant: TenantId,
        event: EventId,
        reason: String,
        by: Option<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            tenant,
            event,
            reason,
            by,
            at,
        }
    }
}

/// An event that is to be left out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SkipEvent<'a> {
    /// The event.
    pub event: EventId,
    /// Why.
    pub reason: &'a str,
    /// Who says so.
    pub by: Option<&'a str>,
}

impl<'a> SkipEvent<'a> {
    /// Leaves an event out.
    pub const fn new(event: EventId, reason: &'a str, by: Option<&'a str>) -> Self {
        Self { event, reason, by }
    }
}
