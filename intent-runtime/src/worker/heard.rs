//! Which events the rows of a worker are made of: what a deployment with two builds depends on.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    log::subscription::Subscription,
    record::cursor::Cursor,
    store::{
        port::Store,
        selection::{EventName, LogSelection},
        tables::{Tables, builds::Build},
    },
    worker::error::WorkerError,
};

/// The names of events as a text, a line for each, in order.
pub(crate) fn text(selection: &LogSelection) -> String {
    let names: BTreeSet<String> = selection.names.iter().map(line).collect();
    names.into_iter().collect::<Vec<_>>().join("\n")
}

fn line(name: &EventName) -> String {
    let [aggregate, event] = [&name.aggregate_type, &name.event_type];
    let part = |name: &Option<String>| name.clone().unwrap_or_default();
    format!("{}/{}", part(aggregate), part(event))
}

/// Notes that a worker's rows are made of these events, if it is not noted yet. From then on no build writes that hears fewer.
/// Returns the events that were not noted before.
///
/// # Errors
/// [`WorkerError::HearsFewer`] if the rows are made of others too; [`WorkerError::Passed`] if the rows lack some of these;
/// [`WorkerError::InlineHears`] if an inline model hears more than before.
pub(crate) async fn note(
    store: &Arc<dyn Store>,
    tables: &dyn Tables,
    build: Build<'_>,
    selection: &LogSelection,
) -> Result<LogSelection, WorkerError> {
    let (names, worker) = (text(selection), &*build.worker());
    loop {
        let builds = tables.builds(Some(build.table)).await?;
        let Some(state) = builds.iter().find(|state| state.worker == worker) else {
            return Ok(LogSelection::all());
        };
        let noted = tables.heard(worker).await?;
        let before: Vec<&str> = noted
            .as_deref()
            .map_or_else(Vec::new, |it| it.lines().collect());
        let is_ours = |name: &&str| names.lines().any(|it| it == *name);
        if let Some(other) = before.iter().find(|name| !is_ours(name)) {
            let event = (*other).to_owned();
            return Err(WorkerError::HearsFewer { event });
        }
        let new = selection.names.iter();
        let new = new.filter(|name| !before.contains(&&*line(name)));
        let new = new.fold(LogSelection::all(), |new, name| new.name(name.clone()));
        let Some(first) = new.names.first() else {
            return Ok(new);
        };
        if build.table.inline && noted.is_some() {
            let event = line(first);
            return Err(WorkerError::InlineHears { event });
        }
        none_passed(store, &new, state.cursor).await?;
        // Otherwise another build has noted something meanwhile.
        if !tables.hear(worker, &names, noted.as_deref()).await? {
            continue;
        }
        // A worker of the other build may have gone on until now. From now on it writes nothing.
        let builds = tables.builds(Some(build.table)).await?;
        let now = builds.iter().find(|state| state.worker == worker);
        let cursor = now.map_or(state.cursor, |state| state.cursor);
        if let Err(passed) = none_passed(store, &new, cursor).await {
            if let Some(before) = &noted {
                tables.hear(worker, before, Some(&names)).await?;
            }
            return Err(passed);
        }
        return Ok(new);
    }
}

/// Makes sure that none of these events came before a cursor.
pub(super) async fn none_passed(
    store: &Arc<dyn Store>,
    events: &LogSelection,
    cursor: Cursor,
) -> Result<(), WorkerError> {
    if events.names.is_empty() || cursor == Cursor::START {
        return Ok(());
    }
    let mut log = Subscription::new(Arc::clone(store), None, events.clone());
    loop {
        let page = log.next_page().await?;
        if let Some(first) = page.events.first() {
            let at = Cursor::after(store.store_id(), first.position);
            if at.compare(cursor)?.is_gt() {
                return Ok(());
            }
            let event = format!("{}/{}", first.aggregate_type, first.event_type);
            return Err(WorkerError::Passed { event });
        }
        if page.end || page.cursor.compare(cursor)?.is_ge() {
            return Ok(());
        }
    }
}
