-- The first ?4 events behind a position that name a correlation.
SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version, recorded_at,
       occurred_at, payload, metadata
FROM intent_events
WHERE tenant_id = ?1 AND correlation_id = ?2 AND position > ?3
ORDER BY position
LIMIT ?4;
