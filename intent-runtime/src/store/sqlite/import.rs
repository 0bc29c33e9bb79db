//! Storing a page of events that were recorded elsewhere, in a transaction of its own.

use sqlx::SqliteConnection;

use crate::{
    record::{event::RecordedEvent, metadata::MetadataError},
    store::{
        error::StoreError,
        import::{Existing, ImportPlan, Imported},
        lookup::correlation_of_imported,
        sqlite::{
            batch::{COMMIT, begin_and_find},
            error::RunError,
            insert::{self, NewRow},
            log,
        },
    },
};

/// Stores a page that was checked in one transaction. After an error the transaction may still be open.
pub(super) async fn import(
    connection: &mut SqliteConnection,
    events: &[RecordedEvent],
) -> Result<Imported, RunError> {
    let keys = events
        .iter()
        .map(|event| (event.tenant_id, event.aggregate_id, event.id));
    let found = begin_and_find(connection, keys).await?;
    let mut plan = ImportPlan::default();
    let mut rows = Vec::with_capacity(events.len());
    for (event, found) in events.iter().zip(found) {
        let existing = Existing {
            event: match found.seen {
                Some(_) => log::event(connection, event.tenant_id, event.id).await?,
                None => None,
            },
            stream: found
                .stream
                .map(|met| (met.version, met.aggregate_type.into())),
        };
        if plan.is_new(event, existing)? {
            rows.push(row(event).map_err(StoreError::from)?);
        }
    }
    insert::rows(connection, &rows).await?;
    sqlx::query(COMMIT).execute(connection).await?;
    Ok(Imported::new(rows.len(), events.len() - rows.len()))
}

fn row(event: &RecordedEvent) -> Result<NewRow<'_>, MetadataError> {
    Ok(NewRow {
        tenant_id: event.tenant_id,
        aggregate_id: event.aggregate_id,
        version: event.version,
        aggregate_type: &event.aggregate_type,
        event_id: event.id,
        event_type: &event.event_type,
        schema_version: event.schema_version,
        recorded_at: event.recorded_at,
        occurred_at: event.occurred_at,
        payload: &event.payload,
        metadata: event.metadata.json(),
        correlation_id: correlation_of_imported(event)?,
    })
}
