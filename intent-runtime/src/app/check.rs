//! What would stop read models, or mislead their readers: [`App::check`].

use std::{fmt, ops::ControlFlow};

use serde::Serialize;

use crate::{
    app::App,
    read_model::kind::ReadModelKind,
    record::{cursor::Cursor, event::RecordedEvent},
    store::{
        error::StoreError,
        log::ReadLog,
        port::Store,
        selection::LogSelection,
        tables::{
            Tables,
            builds::{Build, BuildState, Drift},
        },
    },
    worker::{check, error::WorkerError, heard},
};

/// What is wrong with a read model, found by [`App::check`]. Its text is a sentence, followed by what mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the model's table; `None` if it concerns all.
    pub model: Option<String>,
    /// What it leads to.
    pub severity: Severity,
    /// What is wrong, as in "the table intent_read.\"balances__1_1\" has no column `owner`".
    pub what: String,
    /// What mends it.
    pub mended_by: String,
    /// The statements that mend it, if statements do. Run them as the role of the workers.
    pub sql: Option<String>,
}

/// What a [`Finding`] leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Rows are not kept, or not read, until it is mended.
    Stops,
    /// Somebody sees rows that they should not, or misses some.
    Misleads,
    /// Nothing is wrong, but an operator may want to know.
    Hint,
}

const RUN: &str = "run the statements as the role of the workers";
const REBUILD: &str = "rebuild it with `App::rebuild`";

impl App {
    /// Looks for what would stop read models, or mislead their readers, and says what mends it. Nothing is changed. What stops
    /// comes first.
    ///
    /// It finds tables, columns, indexes, views and row policies that are not those of the models, row-level security that is off,
    /// rows that are made of another log or of other events, rights that the role lacks, builds that were left by old versions, and
    /// models without an access rule.
    ///
    /// ```
    /// # async fn show(app: &intent_runtime::App) -> Result<(), intent_runtime::StoreError> {
    /// for finding in app.check().await? {
    ///     println!("{finding}");
    ///     if let Some(sql) = &finding.sql {
    ///         println!("{sql}");
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::NoTables`] when the store keeps no rows; [`StoreError::Forbidden`] when its role may not read the log of all
    /// tenants; and whatever else keeps it from being read.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let core = &self.tenant.core;
        let tables = core.store.tables().ok_or(StoreError::NoTables)?;
        let mut check = Check {
            store: &*core.store,
            tables,
            builds: tables.builds(None).await?,
            findings: Vec::new(),
        };
        for Drift { what, sql, .. } in tables.lacking().await? {
            check.finds(
                None,
                Severity::Stops,
                what,
                "run the statement as the owner of the schema `intent`",
                sql,
            );
        }
        for kind in core.read_models.iter() {
            check.model(kind).await?;
        }
        check.left_over(&core.read_models);
        check.findings.sort_by_key(|finding| finding.severity);
        Ok(check.findings)
    }
}

struct Check<'a> {
    store: &'a dyn Store,
    tables: &'a dyn Tables,
    builds: Vec<BuildState>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn finds(
        &mut self,
        model: Option<&str>,
        severity: Severity,
        what: impl Into<String>,
        mended_by: &str,
        sql: Option<String>,
    ) {
        self.findings.push(Finding {
            model: model.map(str::to_owned),
            severity,
            what: what.into(),
            mended_by: mended_by.to_owned(),
            sql,
        });
    }

    async fn model(&mut self, kind: &ReadModelKind) -> Result<(), StoreError> {
        let (table, name) = (kind.table, Some(kind.table.name));
        if table.has_rows() && table.access.is_empty() {
            let what = "it has no access rule, so only the program itself reads it";
            let rule = "add `access(role = \"…\")` to `#[read_model(..)]` if people are to read it";
            self.finds(name, Severity::Hint, what, rule, None);
        }
        let builds = self.builds.iter().filter(|build| build.is_of(table));
        for state in builds.cloned().collect::<Vec<_>>() {
            let build = Build::new(table, state.number);
            let has_begun = state.published || state.cursor != Cursor::START;
            if has_begun && table.has_rows() {
                self.table(build).await?;
            }
            self.log(name, &state).await?;
            self.events(kind, &state);
        }
        Ok(())
    }

    async fn table(&mut self, build: Build<'_>) -> Result<(), StoreError> {
        let name = Some(build.table.name);
        let mut policies = Vec::new();
        for build in build.tables() {
            let of_table = self.tables.policies(build).await?.into_iter();
            policies.extend(of_table.map(|policy| (build.table_name(), policy)));
        }
        for Drift { what, sql, stops } in self.tables.inspect(build).await? {
            // A policy that is missing is told below.
            if policies
                .iter()
                .any(|(_, policy)| Some(&policy.repair) == sql.as_ref())
            {
                continue;
            }
            let severity = if stops {
                Severity::Stops
            } else {
                Severity::Hint
            };
            let mended_by = match (&sql, build.table.inline) {
                (Some(_), _) => RUN,
                (None, true) => "give the model a new version",
                (None, false) => REBUILD,
            };
            self.finds(name, severity, what, mended_by, sql);
        }
        for (table, policy) in policies {
            let what = format!(
                "the policies of `{table}` are not those of the model: {}",
                policy.what
            );
            self.finds(name, Severity::Misleads, what, RUN, Some(policy.repair));
        }
        Ok(())
    }

    /// Whether rows are made of this log.
    async fn log(&mut self, name: Option<&str>, state: &BuildState) -> Result<(), StoreError> {
        let checked = async {
            check::log(self.store, state.last).await?;
            let (all, mut sink) = (LogSelection::all(), |_: RecordedEvent| {
                ControlFlow::Break(())
            });
            let read = ReadLog::new(state.cursor, None, &all, 1);
            self.store.read_log(read, &mut sink).await?;
            Ok(())
        };
        let is_other = match checked.await.map_err(WorkerError::of_log) {
            Err(WorkerError::Store(error)) => return Err(error),
            checked => checked.is_err(),
        };
        if is_other {
            let what = format!(
                "the rows of `{}` are made of another log than the store has, as after going back to a backup",
                state.worker
            );
            self.finds(name, Severity::Stops, what, REBUILD, None);
        }
        Ok(())
    }

    /// Whether rows are made of the events that the model hears.
    fn events(&mut self, kind: &ReadModelKind, state: &BuildState) {
        let Some(noted) = &state.heard else { return };
        let (table, names) = (kind.table, heard::text(&kind.selection()));
        let lacks = |of: &str, other: &str| {
            let lacking = of.lines().find(|name| !other.lines().any(|it| it == *name));
            lacking.map(str::to_owned)
        };
        if let Some(event) = lacks(noted, &names) {
            let what = format!(
                "its rows are made of events such as `{event}`, which this program does not hear"
            );
            let mended_by =
                "leave the rows to programs that hear them, or give the model a new version";
            self.finds(Some(table.name), Severity::Stops, what, mended_by, None);
        }
        if let Some(event) = lacks(&names, noted) {
            let what = format!(
                "its rows are not made of events such as `{event}`, which this program hears"
            );
            let (severity, mended_by) = match table.inline {
                true => (Severity::Stops, "give the model a new version"),
                false => (
                    Severity::Misleads,
                    "start the workers: they hear such events from then on; if some came before, rebuild it with `App::rebuild`",
                ),
            };
            self.finds(Some(table.name), severity, what, mended_by, None);
        }
    }

    /// Builds of versions and models that this program does not have.
    fn left_over(&mut self, kinds: &[ReadModelKind]) {
        for state in self.builds.clone() {
            let kind = kinds.iter().find(|kind| kind.table.name == state.model);
            let is_replaced = |kind: &ReadModelKind| {
                let newer = |build: &BuildState| build.published && build.is_of(kind.table);
                state.version < kind.table.version && self.builds.iter().any(newer)
            };
            let what = match kind {
                None => "no model of this program has this table",
                Some(kind) if is_replaced(kind) => "a newer version is read",
                Some(_) => continue,
            };
            let what = format!(
                "the version {} of `{}` was left, build {}: {what}",
                state.version, state.model, state.number
            );
            let is_newer = |other: &BuildState| {
                other.model == state.model && other.published && other.version > state.version
            };
            let newest = !self.builds.iter().any(is_newer);
            let sql = self.tables.drop_statements(&state, newest);
            let mended_by = "run the statements if no program has this version any more";
            self.finds(Some(&state.model), Severity::Hint, what, mended_by, sql);
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(model) = &self.model {
            write!(f, "{model}: ")?;
        }
        write!(f, "{}; {}", self.what, self.mended_by)
    }
}
