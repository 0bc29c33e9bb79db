//! What an operator sees of read models: [`App::models`].

use std::{collections::BTreeMap, fmt, ops::ControlFlow, time::Duration};

use serde::Serialize;
use uuid::Uuid;

use crate::{
    app::App,
    read_model::kind::ReadModelKind,
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{EventId, TenantId},
        timestamp::Timestamp,
    },
    store::{
        error::StoreError,
        log::ReadLog,
        port::Store,
        selection::LogSelection,
        tables::{
            Tables,
            builds::{BuildState, Skip},
        },
    },
};

/// How many events a lag counts at most.
const COUNTED: u64 = 10_000;
/// How many of the tenants that a build holds back are listed.
const LISTED: usize = 100;

/// A read model, as [`App::models`] shows it. It serializes as a JSON object, and its text is for a terminal.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ModelView {
    /// The name of its table.
    pub model: String,
    /// The version that this program has of it; `None` if its domain does not have the model.
    pub version: Option<u32>,
    /// How this program keeps it; `None` if its domain does not have the model.
    pub mode: Option<ModelMode>,
    /// The builds that the store knows, in the order of version and number. There are none before workers have been started.
    pub builds: Vec<BuildView>,
}

/// How the rows of a read model are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ModelMode {
    /// By a worker.
    Async,
    /// With the events that they follow from.
    Inline,
    /// There are none: it is a [`Projection`](crate::Projection), written by hand.
    Projection,
}

/// A build of a version of a read model: see [`ModelView`].
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct BuildView {
    /// The version of the model.
    pub version: u32,
    /// The number of the build in the version, from 1. A rebuild has the next one.
    pub build: u32,
    /// Whether it is the one that is read.
    pub published: bool,
    /// What its worker does, in whatever process.
    pub state: BuildActivity,
    /// The process that has the lease; `None` if none has.
    pub owner: Option<Uuid>,
    /// When the lease runs out, or ran out.
    pub lease_expires: Option<Timestamp>,
    /// Up to where its rows are written.
    pub cursor: Cursor,
    /// How far it is behind the log; `None` if its rows are made of another log.
    pub lag: Option<Lag>,
    /// How many tenants it holds back.
    pub held_back_tenants: u64,
    /// The tenants that it holds back, 100 of them at most.
    pub held_back: Vec<HeldBackView>,
    /// The events that its version leaves out. Only listed for the version that this program has.
    pub skipped: Vec<SkippedView>,
}

/// What the worker of a build does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BuildActivity {
    /// Its rows are read and kept in step.
    Published,
    /// It makes rows that are not read yet, and is so far through the log.
    Building {
        /// From 0 to 100.
        percent: u8,
    },
    /// It stands still, since an operator asked for that.
    Paused {
        /// Since when.
        since: Timestamp,
    },
    /// It failed, and tries again.
    Failing {
        /// Why, and what mends it.
        reason: String,
    },
    /// No process has its lease: start the workers.
    NobodyWorks,
}

/// How far rows are behind the log. Events of all names and tenants are counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Lag {
    /// How many events are behind the cursor, counted to 10,000.
    pub events: u64,
    /// How long ago the first of them was recorded; 0 if there are none.
    pub seconds: f64,
}

/// A tenant that is held back: see [`BuildView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HeldBackView {
    /// The tenant.
    pub tenant: TenantId,
    /// The event that cannot be applied: for [`App::skip`].
    pub event: EventId,
    /// Its name, as `Account/Deposited`; `None` if the log no longer has it.
    pub name: Option<String>,
    /// Up to where the tenant's rows are written.
    pub after: Cursor,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Why the event cannot be applied.
    pub reason: String,
}

/// An event that is left out: see [`BuildView`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SkippedView {
    /// The tenant that it held back.
    pub tenant: TenantId,
    /// The event.
    pub event: EventId,
    /// Why it is left out.
    pub why: String,
    /// Who said so.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl App {
    /// The read models of the domain, and all that the store knows of, with their builds: those of other versions and of other
    /// programs too. It needs no workers in this process. However long the log is, it reads a few rows, and counts a lag to
    /// 10,000 events.
    ///
    /// ```
    /// # async fn show(app: &intent_runtime::App) -> Result<(), intent_runtime::StoreError> {
    /// for model in app.models().await? {
    ///     println!("{model}");
    ///     for build in model.builds.iter().filter(|build| build.held_back_tenants > 0) {
    ///         eprintln!("{} holds back {} tenants", model.model, build.held_back_tenants);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NoTables`] when the store keeps no rows; [`StoreError::Forbidden`] when its role may not read the log of all
    /// tenants; and whatever else keeps it from being read.
    pub async fn models(&self) -> Result<Vec<ModelView>, StoreError> {
        let core = &self.tenant.core;
        let tables = core.store.tables().ok_or(StoreError::NoTables)?;
        let builds = tables.builds(None).await?;
        let mut models: BTreeMap<&str, ModelView> = BTreeMap::new();
        for kind in core.read_models.iter() {
            let table = kind.table;
            let view = ModelView {
                version: Some(table.version),
                mode: Some(mode(kind)),
                ..ModelView::unknown(table.name)
            };
            models.insert(table.name, view);
        }
        let shown = Shown {
            store: &*core.store,
            tables,
            end: core.store.log_health().await?.end.get(),
        };
        for build in &builds {
            let mut kinds = core.read_models.iter();
            let kind = kinds.find(|kind| build.is_of(kind.table));
            let view = shown.build(build, kind).await?;
            let model = models.entry(&build.model);
            let model = model.or_insert_with(|| ModelView::unknown(&build.model));
            model.builds.push(view);
        }
        Ok(models.into_values().collect())
    }
}

fn mode(kind: &ReadModelKind) -> ModelMode {
    match kind.table {
        table if !table.has_rows() => ModelMode::Projection,
        table if table.inline => ModelMode::Inline,
        _ => ModelMode::Async,
    }
}

/// What is shown of builds.
struct Shown<'a> {
    store: &'a dyn Store,
    tables: &'a dyn Tables,
    /// The last position that was drawn.
    end: u64,
}

impl Shown<'_> {
    async fn build(
        &self,
        build: &BuildState,
        kind: Option<&ReadModelKind>,
    ) -> Result<BuildView, StoreError> {
        Ok(BuildView {
            version: build.version,
            build: build.number,
            published: build.published,
            state: self.state(build),
            owner: build.holder,
            lease_expires: build.expires,
            cursor: build.cursor,
            lag: self.lag(build.cursor).await?,
            held_back_tenants: build.parked,
            held_back: match build.parked {
                0 => Vec::new(),
                _ => self.held_back(&build.worker).await?,
            },
            skipped: match kind {
                Some(kind) => self.skipped(kind).await?,
                None => Vec::new(),
            },
        })
    }

    fn state(&self, build: &BuildState) -> BuildActivity {
        if let Some(since) = build.paused {
            return BuildActivity::Paused { since };
        }
        if let Some(reason) = build.failure.clone() {
            return BuildActivity::Failing { reason };
        }
        if build.holder.is_none() {
            return BuildActivity::NobodyWorks;
        }
        if build.published {
            return BuildActivity::Published;
        }
        let at = build.cursor.place().map_or(0, |(_, at)| at.get());
        let percent = at.saturating_mul(100).checked_div(self.end).unwrap_or(100);
        BuildActivity::Building {
            percent: u8::try_from(percent.min(100)).unwrap_or(100),
        }
    }

    async fn lag(&self, cursor: Cursor) -> Result<Option<Lag>, StoreError> {
        let lag = async {
            let (all, mut first) = (LogSelection::all(), None);
            let mut sink = |event: RecordedEvent| {
                first = Some(event.recorded_at);
                ControlFlow::Break(())
            };
            let read = ReadLog::new(cursor, None, &all, 1);
            self.store.read_log(read, &mut sink).await?;
            let Some(first) = first else {
                return Ok(Lag {
                    events: 0,
                    seconds: 0.0,
                });
            };
            let since = Timestamp::now()
                .as_micros()
                .saturating_sub(first.as_micros());
            let since = Duration::from_micros(u64::try_from(since).unwrap_or(0));
            Ok(Lag {
                events: self.store.events_after(cursor, COUNTED).await?,
                seconds: since.as_secs_f64(),
            })
        };
        match lag.await {
            Ok(lag) => Ok(Some(lag)),
            Err(StoreError::UnknownCursor { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn held_back(&self, worker: &str) -> Result<Vec<HeldBackView>, StoreError> {
        let mut views = Vec::new();
        for parked in self.tables.parked(worker).await?.into_iter().take(LISTED) {
            let event = self.store.event(parked.tenant, parked.event).await?;
            let name = event.map(|it| format!("{}/{}", it.aggregate_type, it.event_type));
            views.push(HeldBackView {
                tenant: parked.tenant,
                event: parked.event,
                name,
                after: parked.after,
                since: parked.since,
                reason: parked.reason,
            });
        }
        Ok(views)
    }

    async fn skipped(&self, kind: &ReadModelKind) -> Result<Vec<SkippedView>, StoreError> {
        let skips = self.tables.skips(kind.table).await?.into_iter();
        let view = |skip: Skip| SkippedView {
            tenant: skip.tenant,
            event: skip.event,
            why: skip.reason,
            by: skip.by,
            at: skip.at,
        };
        Ok(skips.map(view).collect())
    }
}

impl ModelView {
    /// One that the domain does not have.
    fn unknown(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            version: None,
            mode: None,
            builds: Vec::new(),
        }
    }
}

impl fmt::Display for ModelView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.model)?;
        match (self.version, self.mode) {
            (Some(version), Some(ModelMode::Inline)) => write!(f, ", version {version}, inline")?,
            (Some(version), Some(ModelMode::Projection)) => {
                write!(f, ", version {version}, a projection")?;
            }
            (Some(version), _) => write!(f, ", version {version}")?,
            (None, _) => write!(f, ", not in this program")?,
        }
        if self.builds.is_empty() {
            write!(f, "\n  no build: start the workers")?;
        }
        for build in &self.builds {
            write!(f, "\n  {build}")?;
        }
        Ok(())
    }
}

impl fmt::Display for BuildView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, build, .. } = self;
        write!(f, "version {version}, build {build}: {}", self.state)?;
        if self.published && self.state != BuildActivity::Published {
            write!(f, "; its rows are read")?;
        }
        match self.lag {
            Some(lag) => write!(f, "; {lag}")?,
            None => write!(f, "; its rows are made of another log")?,
        }
        for held in &self.held_back {
            let name = held.name.as_deref().unwrap_or("an event that is gone");
            let (tenant, event, reason) = (held.tenant, held.event, &held.reason);
            write!(
                f,
                "\n    holds back tenant {tenant} at {name} {event}: {reason}"
            )?;
        }
        let listed = u64::try_from(self.held_back.len()).unwrap_or(u64::MAX);
        if self.held_back_tenants > listed {
            write!(
                f,
                "\n    holds back {} more",
                self.held_back_tenants - listed
            )?;
        }
        for skip in &self.skipped {
            let by = skip.by.as_deref().unwrap_or("nobody named");
            write!(f, "\n    leaves out {}: {} ({by})", skip.event, skip.why)?;
        }
        Ok(())
    }
}

impl fmt::Display for BuildActivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published => f.write_str("published"),
            Self::Building { percent } => write!(f, "building, {percent} %"),
            Self::Paused { since } => write!(f, "paused since {since}"),
            Self::Failing { reason } => write!(f, "failing: {reason}"),
            Self::NobodyWorks => f.write_str("nobody works on it"),
        }
    }
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.events {
            0 => f.write_str("up to date"),
            COUNTED.. => write!(f, "{COUNTED} events or more behind, {:.1} s", self.seconds),
            events => write!(f, "{events} events behind, {:.1} s", self.seconds),
        }
    }
}
