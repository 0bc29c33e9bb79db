//! Storing a page of events that were recorded elsewhere, in one statement.

use sqlx::{PgConnection, Row};

use crate::{
    record::event::RecordedEvent,
    store::{
        error::StoreError,
        import::{ImportRefusal, Imported},
        lookup::correlation_of_imported,
        postgres::{
            connection::pool::Pool,
            rows::{self, Json, column},
        },
    },
};

/// What the statement answers for a page.
struct Answer {
    stored: i64,
    refused: Option<Refused>,
}

/// The first event that contradicts what is stored: its number, from 1, and the version and type that its stream had before
/// it. There are none if another event is stored under its id.
struct Refused {
    number: i64,
    stream: Option<(i64, String)>,
}

/// Stores a page that was checked.
///
/// An event that is there already is not stored again. So a page whose outcome is unknown is tried again, and if it was stored
/// the first time, its events count as known.
pub(super) async fn import(pool: &Pool, events: &[RecordedEvent]) -> Result<Imported, StoreError> {
    let answer = pool.run(events, |events, connection| {
        Box::pin(async move { Ok(import_page(connection, events).await?) })
    });
    let answer = answer.await?;
    if let Some(refused) = answer.refused {
        let refused = refused.error(events);
        return Err(refused.unwrap_or_else(|| pool.place().error(sqlx::Error::RowNotFound)));
    }
    let stored = usize::try_from(answer.stored).unwrap_or(0);
    Ok(Imported {
        stored,
        known: events.len().saturating_sub(stored),
    })
}

impl Refused {
    fn error(self, events: &[RecordedEvent]) -> Option<StoreError> {
        let event = events.get(usize::try_from(self.number - 1).ok()?)?;
        let refusal = match self.stream {
            None => ImportRefusal::Differs,
            Some((_, found)) if found != event.aggregate_type => {
                ImportRefusal::WrongAggregate { found }
            }
            Some((actual, _)) => ImportRefusal::misplaced(event.version, rows::version(actual)),
        };
        Some(refusal.of(event))
    }
}

async fn import_page(
    connection: &mut PgConnection,
    events: &[RecordedEvent],
) -> Result<Answer, sqlx::Error> {
    let events = events.iter();
    let row = sqlx::query(include_str!("sql/import.sql"))
        .bind(column(&events, |it| it.tenant_id.as_uuid()))
        .bind(column(&events, |it| it.aggregate_id.as_uuid()))
        .bind(column(&events, |it| it.id.as_uuid()))
        .bind(column(&events, |it| rows::from_version(it.version)))
        .bind(column(&events, |it| i64::from(it.schema_version)))
        .bind(column(&events, |it| it.recorded_at))
        .bind(column(&events, |it| it.occurred_at))
        .bind(column(&events, |it| &*it.aggregate_type))
        .bind(column(&events, |it| &*it.event_type))
        .bind(column(&events, |it| Json(&it.payload)))
        .bind(column(&events, |it| Json(it.metadata.json())))
        .bind(column(&events, correlation_of_imported))
        .fetch_one(connection)
        .await?;
    let number: Option<i64> = row.try_get(1)?;
    let actual: Option<i64> = row.try_get(2)?;
    let found: Option<String> = row.try_get(3)?;
    Ok(Answer {
        stored: row.try_get(0)?,
        refused: number.map(|number| Refused {
            number,
            stream: actual.zip(found),
        }),
    })
}
