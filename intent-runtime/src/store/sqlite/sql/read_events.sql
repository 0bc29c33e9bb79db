SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version, recorded_at,
       occurred_at, payload, metadata
FROM intent_events
WHERE tenant_id = ?1 AND aggregate_id = ?2 AND version > ?3 AND version <= ?4
ORDER BY version;
