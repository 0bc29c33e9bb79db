//! Storing a page of events that were recorded elsewhere, in one statement.

use std::time::Duration;

use sqlx::{PgConnection, Row};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    record::{event::RecordedEvent, timestamp::Timestamp},
    store::{
        error::StoreError,
        import::{ImportRefusal, Imported},
        postgres::{
            connection::error::Kind,
            read::{self, ReadError, Reader, give_back, with_timeout},
            rows::{self, Json},
        },
    },
};

/// How often a page is tried that meets others at its keys.
const TRIES: u32 = 10;
/// How long is waited before it is tried again, as many times as it was.
const PAUSE: Duration = Duration::from_millis(10);

/// What the statement says of a page.
struct Answer {
    stored: i64,
    refused: Option<Refused>,
}

/// The first event that contradicts what is stored, by its number from 1, with the version and type of its stream
/// before it; without them when an event of its id is stored and differs.
struct Refused {
    number: i64,
    stream: Option<(i64, String)>,
}

impl Reader {
    /// Stores a page that was checked.
    ///
    /// What is there already is not stored again, so a page whose outcome is unknown is simply tried again; if it was stored,
    /// its events count as known.
    pub(super) async fn import(&self, events: &[RecordedEvent]) -> Result<Imported, StoreError> {
        let (mut contended, mut lost) = (0, read::TRIES);
        let answer = loop {
            let mut lent = self.acquire().await?;
            let page = match lent.connection().await {
                Ok(connection) => with_timeout(&self.place, import_page(connection, events)).await,
                Err(failure) => Err(failure.into()),
            };
            let failure = match give_back(lent, page) {
                Ok(answer) => break answer,
                Err(ReadError::Error(error)) => return Err(error),
                Err(ReadError::Failure(failure)) => failure,
            };
            match failure.kind() {
                Kind::Contended if contended < TRIES => {
                    contended += 1;
                    sleep(PAUSE * contended).await;
                }
                _ => lost = self.left(lost, ReadError::Failure(failure))?,
            }
        };
        if let Some(refused) = answer.refused {
            return Err(self.refusal(events, refused));
        }
        let stored = usize::try_from(answer.stored).unwrap_or(0);
        Ok(Imported {
            stored,
            known: events.len().saturating_sub(stored),
        })
    }

    fn refusal(&self, events: &[RecordedEvent], refused: Refused) -> StoreError {
        let index = usize::try_from(refused.number - 1).ok();
        let Some(event) = index.and_then(|index| events.get(index)) else {
            return self.place.error(sqlx::Error::RowNotFound);
        };
        let refusal = match refused.stream {
            None => ImportRefusal::Differs,
            Some((_, found)) if found != event.aggregate_type => {
                ImportRefusal::WrongAggregate { found }
            }
            Some((actual, _)) => ImportRefusal::misplaced(event.version, rows::version(actual)),
        };
        refusal.of(event)
    }
}

async fn import_page(
    connection: &mut PgConnection,
    events: &[RecordedEvent],
) -> Result<Answer, sqlx::Error> {
    let uuids = |id: fn(&RecordedEvent) -> Uuid| events.iter().map(id).collect::<Vec<_>>();
    let times = |time: fn(&RecordedEvent) -> Timestamp| {
        let times = events.iter().map(time);
        times.collect::<Vec<_>>()
    };
    let versions = events.iter().map(|event| rows::from_version(event.version));
    let schema_versions = events.iter().map(|event| i64::from(event.schema_version));
    let aggregate_types = events.iter().map(|event| &*event.aggregate_type);
    let event_types = events.iter().map(|event| &*event.event_type);
    let payloads = events.iter().map(|event| Json(&event.payload));
    let metadata = events.iter().map(|event| Json(event.metadata.json()));
    let row = sqlx::query(include_str!("sql/import.sql"))
        .bind(uuids(|event| event.tenant_id.as_uuid()))
        .bind(uuids(|event| event.aggregate_id.as_uuid()))
        .bind(uuids(|event| event.id.as_uuid()))
        .bind(versions.collect::<Vec<_>>())
        .bind(schema_versions.collect::<Vec<_>>())
        .bind(times(|event| event.recorded_at))
        .bind(times(RecordedEvent::occurred_at))
        .bind(aggregate_types.collect::<Vec<_>>())
        .bind(event_types.collect::<Vec<_>>())
        .bind(payloads.collect::<Vec<_>>())
        .bind(metadata.collect::<Vec<_>>())
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
