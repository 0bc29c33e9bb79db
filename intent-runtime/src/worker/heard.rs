//! Which events the rows of a worker are made of: what a deployment with two builds depends on.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    log::subscription::Subscription,
    record::cursor::Cursor,
    store::{
        error::StoreError,
        selection::{EventName, LogSelection},
        tables::{Lease, Tables},
    },
    worker::runner::Runner,
};

impl Runner {
    /// Notes which events the rows are made of from now on. Fails if the rows are made of events that this build does not hear, or
    /// if this build hears events that were passed. `false` if the lease is lost.
    pub(super) async fn hears_the_same(
        &self,
        tables: &dyn Tables,
        lease: Lease,
    ) -> Result<bool, StoreError> {
        let names = heard(&self.selection);
        let before = tables.heard(&self.worker).await?;
        if before.as_deref() == Some(&*names) {
            return Ok(true);
        }
        let before: Vec<&str> = before
            .as_deref()
            .map_or_else(Vec::new, |it| it.lines().collect());
        let drift = |name: &str, what: &str| StoreError::TableDrift {
            place: format!("{:?}", self.store),
            table: self.worker.clone(),
            what: format!("{what} `{name}`: give the model a new version"),
        };
        if let Some(unknown) = before
            .iter()
            .find(|name| !names.lines().any(|it| it == **name))
        {
            return Err(drift(
                unknown,
                "its rows are made of events that this build does not hear, such as",
            ));
        }
        if lease.cursor != Cursor::START {
            let is_new = |name: &EventName| !before.contains(&&*line(name));
            let new: Vec<_> = self
                .selection
                .names
                .iter()
                .filter(|name| is_new(name))
                .collect();
            if !new.is_empty()
                && let Some(passed) = self.passed(&new, lease.cursor).await?
            {
                return Err(drift(
                    &passed,
                    "its rows passed events that this build hears, such as",
                ));
            }
        }
        tables
            .note_heard(&self.worker, lease, self.owner, &names)
            .await
    }

    /// An event of these names before a cursor.
    async fn passed(&self, names: &[&EventName], to: Cursor) -> Result<Option<String>, StoreError> {
        let all = LogSelection::all();
        let selection = names
            .iter()
            .fold(all, |selection, name| selection.name((*name).clone()));
        let mut log = Subscription::new(Arc::clone(&self.store), None, selection);
        loop {
            let page = log.next_page().await?;
            if let Some(event) = page.events.first() {
                let at = self.after(event);
                return Ok(at
                    .compare(to)?
                    .is_le()
                    .then(|| format!("{} of {}", event.event_type, event.aggregate_type)));
            }
            if page.end || page.cursor.compare(to)?.is_ge() {
                return Ok(None);
            }
        }
    }
}

/// The names of events as a text, a line for each, in order.
fn heard(selection: &LogSelection) -> String {
    let names: BTreeSet<String> = selection.names.iter().map(line).collect();
    names.into_iter().collect::<Vec<_>>().join("\n")
}

fn line(name: &EventName) -> String {
    let [aggregate, event] = [&name.aggregate_type, &name.event_type];
    let part = |name: &Option<String>| name.clone().unwrap_or_default();
    format!("{}/{}", part(aggregate), part(event))
}
