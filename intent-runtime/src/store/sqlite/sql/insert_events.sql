-- Parameters that are not bound are NULL, and such rows are left out. So a text with many rows also serves for fewer.
INSERT INTO intent_events (
    tenant_id, aggregate_id, version, aggregate_type, event_id,
    event_type, schema_version, recorded_at, occurred_at, payload, metadata, correlation_id
)
SELECT * FROM (VALUES
