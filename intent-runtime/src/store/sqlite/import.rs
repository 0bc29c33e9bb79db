//! Storing a page of events that were recorded elsewhere, in a transaction of its own.

use sqlx::SqliteConnection;

use crate::{
    record::event::RecordedEvent,
    store::{
        error::StoreError,
        import::{Existing, ImportPlan, Imported},
        lookup::correlation_of_imported,
        sqlite::{
            batch::begin_and_find,
            column,
            error::{Failure, Place},
            insert::{self, NewRow},
            log,
        },
    },
};

/// Stores a page that was checked in one transaction. After an error the transaction may still be open.
pub(super) async fn import(
    connection: &mut SqliteConnection,
    events: &[RecordedEvent],
    place: &Place,
) -> Result<Imported, StoreError> {
    let failed = |error: sqlx::Error| place.error(Failure::from(error));
    let keys = events
        .iter()
        .map(|event| (event.tenant_id, event.aggregate_id, event.id));
    let found = begin_and_find(connection, keys).await.map_err(failed)?;
    let mut imported = Imported::default();
    let mut plan = ImportPlan::default();
    let mut rows = Vec::with_capacity(events.len());
    for (event, found) in events.iter().zip(found) {
        let existing = Existing {
            event: match found.seen {
                Some(_) => stored(connection, event, place).await?,
                None => None,
            },
            stream: found
                .stream
                .map(|met| (met.version, met.aggregate_type.into())),
        };
        if plan.is_new(event, existing)? {
            imported.stored += 1;
            rows.push(row(event));
        } else {
            imported.known += 1;
        }
    }
    insert::rows(connection, &rows).await.map_err(failed)?;
    let commit = sqlx::query(include_str!("sql/commit.sql"));
    commit.execute(connection).await.map_err(failed)?;
    Ok(imported)
}

/// The stored event with the same id as a given one.
async fn stored(
    connection: &mut SqliteConnection,
    event: &RecordedEvent,
    place: &Place,
) -> Result<Option<RecordedEvent>, StoreError> {
    let row = sqlx::query(include_str!("sql/find_event.sql"))
        .bind(column::id(event.tenant_id.as_uuid()))
        .bind(column::id(event.id.as_uuid()))
        .fetch_optional(connection)
        .await;
    let row = row.map_err(|error| place.error(error))?;
    row.as_ref().map(log::recorded).transpose()
}

fn row(event: &RecordedEvent) -> NewRow<'_> {
    NewRow {
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
        correlation_id: correlation_of_imported(event),
    }
}
