-- Where an event is, of which only the id is known.
SELECT aggregate_id, aggregate_type, version, position
FROM intent_events
WHERE tenant_id = ?1 AND event_id = ?2;
