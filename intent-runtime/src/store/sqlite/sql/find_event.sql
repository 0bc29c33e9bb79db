SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version, recorded_at,
       occurred_at, payload, metadata
FROM intent_events
WHERE tenant_id = ?1 AND event_id = ?2;
