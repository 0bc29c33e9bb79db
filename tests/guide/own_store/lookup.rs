//! Looking things up in the list.

use intent_runtime::{
    AggregateId, Cursor, EventId, Position, RecordedEvent, StoreError, TenantId, Timestamp,
    Version,
    store::{EventPage, ListStreams, LookBack, ReadCorrelation, StreamId},
};
use uuid::Uuid;

use super::content::Content;

impl Content {
    pub fn event(&self, tenant: TenantId, id: EventId) -> Option<RecordedEvent> {
        let mut events = self.log.iter();
        let found = events.find(|event| event.tenant_id == tenant && event.id == id);
        found.cloned()
    }

    pub fn look_back(&self, store: Uuid, look: LookBack<'_>) -> Result<EventPage, StoreError> {
        let mut from = self.end().get();
        if let Some(cursor) = look.from {
            let given = cursor.position_in(store)?;
            if given > from {
                return Err(cursor.beyond_the_end());
            }
            from = given;
        }
        let (mut events, mut bytes) = (Vec::new(), 0);
        let before = self.log.iter().rev();
        let before = before.filter(|event| {
            event.position.get() <= from && look.tenant.is_none_or(|of| event.tenant_id == of)
        });
        for (looked, event) in (1..).zip(before) {
            if look.wants(event)? {
                bytes += event.payload.len() + event.metadata.json().len();
                if bytes > EventPage::MAX_BYTES && !events.is_empty() {
                    let next = Cursor::after(store, event.position);
                    return Ok(EventPage::new(events, Some(next)));
                }
                events.push(event.clone());
            }
            if looked == LookBack::STEP || events.len() == look.limit.max(1) {
                let next = Cursor::before(store, event.position);
                return Ok(EventPage::new(events, next));
            }
        }
        Ok(EventPage::new(events, None))
    }

    pub fn correlation(&self, store: Uuid, read: ReadCorrelation) -> Result<EventPage, StoreError> {
        if read.after.position_in(store)? > self.end().get() {
            return Err(read.after.beyond_the_end());
        }
        let mut naming = Vec::new();
        for event in self.log.iter().filter(|it| it.tenant_id == read.tenant) {
            if event.metadata()?.correlation_id == Some(read.id) {
                naming.push(event.clone());
            }
        }
        let of_command = self.events_of_command(read.tenant, read.command());
        read.page(store, naming, of_command)
    }

    pub fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> Position {
        let log = self.log.iter();
        let log: Vec<_> = log
            .filter(|event| tenant.is_none_or(|tenant| event.tenant_id == tenant))
            .collect();
        let then = log.partition_point(|event| event.recorded_at <= time);
        let last = log[..then].last();
        last.map_or(Position::new(0), |event| event.position)
    }

    pub fn list_streams(&self, list: &ListStreams) -> Result<Vec<AggregateId>, StoreError> {
        let begun = self.log.iter().filter(|event| {
            event.version == Version::FIRST
                && event.tenant_id == list.tenant
                && list.aggregate_type.is(&event.aggregate_type)
        });
        let mut ids: Vec<_> = begun.map(|event| event.aggregate_id).collect();
        if list.newest_first {
            ids.reverse();
        }
        let Some(aggregate_id) = list.after else {
            ids.truncate(list.limit);
            return Ok(ids);
        };
        let stream = StreamId {
            tenant_id: list.tenant,
            aggregate_type: list.aggregate_type.clone(),
            aggregate_id,
        };
        // One of another type is an error of its own.
        self.stream(&stream)?;
        let at = ids.iter().position(|id| *id == aggregate_id);
        let behind = 1 + at.ok_or(StoreError::UnknownStream { stream })?;
        Ok(ids.into_iter().skip(behind).take(list.limit).collect())
    }
}
