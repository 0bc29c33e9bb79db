INSERT INTO intent_events (
    tenant_id, aggregate_id, version, aggregate_type, event_id,
    event_type, schema_version, recorded_at, payload, metadata
) VALUES
