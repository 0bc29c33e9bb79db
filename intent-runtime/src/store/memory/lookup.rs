//! Looking things up in what a store in memory holds.

use uuid::Uuid;

use crate::{
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, EventId, TenantId},
        timestamp::Timestamp,
        version::{Position, Version},
    },
    store::{
        error::StoreError,
        lookup::{EventPage, ListStreams, LookBack, ReadCorrelation, Room},
        memory::content::Content,
    },
};

impl Content {
    pub(super) fn event(&self, tenant: TenantId, id: EventId) -> Option<RecordedEvent> {
        let tenant = self.tenants.get(&tenant)?;
        let (stream, version) = tenant.ids.get(&id)?;
        tenant.streams.get(stream)?.event(*version).cloned()
    }

    pub(super) fn look_back(
        &self,
        store: Uuid,
        look: LookBack<'_>,
    ) -> Result<EventPage, StoreError> {
        let from = match look.from {
            Some(from) => from.position_in(store)?,
            None => self.end().get(),
        };
        if let Some(cursor) = look.from.filter(|_| from > self.end().get()) {
            return Err(cursor.beyond_the_end());
        }
        let (mut events, mut room) = (Vec::new(), Room::of(look.limit));
        let before = self.log.iter().rev();
        let before = before.filter(|event| {
            event.position.get() <= from && look.tenant.is_none_or(|of| event.tenant_id == of)
        });
        for (looked, event) in (1..).zip(before) {
            if look.wants(event)? {
                if !room.take(event) {
                    let next = Cursor::after(store, event.position);
                    return Ok(EventPage::new(events, Some(next)));
                }
                events.push(RecordedEvent::clone(event));
            }
            if looked == LookBack::STEP || room.is_full() {
                let next = Cursor::before(store, event.position);
                return Ok(EventPage::new(events, next));
            }
        }
        Ok(EventPage::new(events, None))
    }

    pub(super) fn correlation(
        &self,
        store: Uuid,
        read: &ReadCorrelation,
    ) -> Result<EventPage, StoreError> {
        let after = read.after.position_in(store)?;
        if after > self.end().get() {
            return Err(read.after.beyond_the_end());
        }
        let (mut naming, mut room) = (Vec::new(), Room::of(read.limit));
        for event in self.log_of(read.tenant, Position::new(after)) {
            if room.is_full() {
                break;
            }
            if event.metadata()?.correlation_id == Some(read.id) {
                room.take(event);
                naming.push(RecordedEvent::clone(event));
            }
        }
        let of_command = self.events_of_command(read.tenant, read.command());
        read.page(store, naming, of_command)
    }

    pub(super) fn cursor_at(&self, tenant: Option<TenantId>, time: Timestamp) -> Position {
        let log = self.log.iter();
        let log: Vec<_> = log
            .filter(|event| tenant.is_none_or(|tenant| event.tenant_id == tenant))
            .collect();
        let then = log.partition_point(|event| event.recorded_at <= time);
        let last = then.checked_sub(1).and_then(|last| log.get(last));
        last.map_or(Position::new(0), |event| event.position)
    }

    pub(super) fn streams(&self, list: &ListStreams) -> Result<Vec<AggregateId>, StoreError> {
        let begun = self.log.iter().filter(|event| {
            event.version == Version::FIRST
                && event.tenant_id == list.tenant
                && list.aggregate_type.is(&event.aggregate_type)
        });
        let mut ids: Vec<_> = begun.map(|event| event.aggregate_id).collect();
        if list.newest_first {
            ids.reverse();
        }
        let behind = match list.after {
            None => 0,
            Some(aggregate_id) => {
                let stream = list.stream(aggregate_id);
                // One of another type is an error of its own.
                self.stream(&stream)?;
                let at = ids.iter().position(|id| *id == aggregate_id);
                1 + at.ok_or(StoreError::UnknownStream { stream })?
            }
        };
        Ok(ids.into_iter().skip(behind).take(list.limit).collect())
    }
}
