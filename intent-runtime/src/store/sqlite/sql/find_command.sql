-- The stream of a command's first event.
SELECT aggregate_id, aggregate_type, version
FROM intent_events
WHERE tenant_id = ?1 AND event_id = ?2;
