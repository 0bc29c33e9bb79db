-- Rows whose parameters are not bound are all NULL and left out, so a text with many rows serves for fewer.
INSERT INTO intent_events (
    tenant_id, aggregate_id, version, aggregate_type, event_id,
    event_type, schema_version, recorded_at, payload, metadata
)
SELECT * FROM (VALUES
