//! Storing a page of events that were recorded elsewhere, in one statement.

use sqlx::{PgConnection, Row};

use crate::{
    record::event::RecordedEvent,
    store::{
        check::{column, version},
        error::StoreError,
        import::{ImportRefusal, Imported},
        lookup::correlation_of_imported,
        postgres::{
            connection::error::RunError,
            rows::{Json, array},
        },
    },
};

/// Stores a page that was checked.
///
/// An event that is there already is not stored again. So a page whose outcome is unknown is tried again, and if it was stored
/// the first time, its events count as known.
pub(super) async fn import(
    connection: &mut PgConnection,
    page: &[RecordedEvent],
) -> Result<Imported, RunError> {
    let correlations = page.iter().map(correlation_of_imported);
    let correlations = correlations.collect::<Result<Vec<_>, _>>();
    let events = page.iter();
    let row = sqlx::query(include_str!("sql/import.sql"))
        .bind(array(&events, |it| it.tenant_id.as_uuid()))
        .bind(array(&events, |it| it.aggregate_id.as_uuid()))
        .bind(array(&events, |it| it.id.as_uuid()))
        .bind(array(&events, |it| column(it.version.get())))
        .bind(array(&events, |it| i64::from(it.schema_version)))
        .bind(array(&events, |it| it.recorded_at))
        .bind(array(&events, |it| it.occurred_at))
        .bind(array(&events, |it| &*it.aggregate_type))
        .bind(array(&events, |it| &*it.event_type))
        .bind(array(&events, |it| Json(&it.payload)))
        .bind(array(&events, |it| Json(it.metadata.json())))
        .bind(correlations.map_err(StoreError::from)?)
        .fetch_one(connection)
        .await?;
    // The first event that contradicts what is stored, counted from 1.
    let refused: Option<i64> = row.try_get(1)?;
    let Some(refused) = refused.and_then(|number| usize::try_from(number - 1).ok()) else {
        let stored = usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0);
        return Ok(Imported::new(stored, page.len().saturating_sub(stored)));
    };
    let event = page.get(refused).ok_or(sqlx::Error::RowNotFound)?;
    // What its stream was before it; nothing if another event is stored under its id.
    let (actual, found): (Option<i64>, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
    let refusal = match actual.zip(found) {
        None => ImportRefusal::Differs,
        Some((_, found)) if found != event.aggregate_type => {
            ImportRefusal::WrongAggregate { found }
        }
        Some((actual, _)) => ImportRefusal::misplaced(event.version, version(actual)),
    };
    Err(refusal.of(event).into())
}
