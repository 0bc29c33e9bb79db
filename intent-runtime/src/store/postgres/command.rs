//! The events that a command stored.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    record::{
        event::RecordedEvent,
        id::{AggregateId, CommandId, EventId, TenantId},
        stream::StreamId,
    },
    store::{
        append::Append,
        postgres::{
            connection::run::RunError,
            rows::{EventColumns, get},
        },
    },
};

/// How many events to look for at first. As long as all of them are found, look for that many times more.
const FEW_EVENTS: usize = 8;

/// All of them, in order.
pub(super) async fn events(
    connection: &mut PgConnection,
    tenant: TenantId,
    command: CommandId,
) -> Result<Vec<RecordedEvent>, RunError> {
    let mut window = FEW_EVENTS;
    loop {
        let ids = (0..).take(window).map(|index| EventId::of(command, index));
        let events = events_with(connection, tenant, ids).await?;
        if events.len() < window || window >= Append::MAX_EVENTS {
            return Ok(events);
        }
        window *= FEW_EVENTS;
    }
}

/// The events of a tenant with these ids.
pub(super) async fn events_with(
    connection: &mut PgConnection,
    tenant: TenantId,
    ids: impl IntoIterator<Item = EventId>,
) -> Result<Vec<RecordedEvent>, RunError> {
    let ids: Vec<Uuid> = ids.into_iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query(include_str!("sql/events_of_command.sql"))
        .bind(tenant.as_uuid())
        .bind(&ids)
        .fetch_all(connection)
        .await?;
    let mut stream = StreamId {
        tenant_id: tenant,
        aggregate_type: "".into(),
        aggregate_id: AggregateId::from_uuid(Uuid::nil()),
    };
    let mut events = Vec::with_capacity(rows.len());
    let Some(first) = rows.first() else {
        return Ok(events);
    };
    let columns = EventColumns::of(first, 1)?;
    for row in &rows {
        stream.aggregate_id = AggregateId::from_uuid(get(row, 0, &stream)?);
        events.push(columns.event(row, &stream)?);
    }
    Ok(events)
}
