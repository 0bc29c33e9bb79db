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
            rows::{self, get},
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
        let events = first_events(connection, tenant, command, window).await?;
        if events.len() < window || window >= Append::MAX_EVENTS {
            return Ok(events);
        }
        window *= FEW_EVENTS;
    }
}

async fn first_events(
    connection: &mut PgConnection,
    tenant: TenantId,
    command: CommandId,
    count: usize,
) -> Result<Vec<RecordedEvent>, RunError> {
    let ids = (0..).take(count).map(|index| EventId::of(command, index));
    let ids: Vec<Uuid> = ids.map(|id| id.as_uuid()).collect();
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
    for row in &rows {
        stream.aggregate_id = AggregateId::from_uuid(get(row, 0, &stream)?);
        events.push(rows::recorded(row, 1, &stream)?);
    }
    Ok(events)
}
