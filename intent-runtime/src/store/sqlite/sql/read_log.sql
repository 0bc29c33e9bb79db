-- Wanted events after ?1 up to ?2: of a tenant (?3); of any name (?4), or of these types of aggregates (?5), these events
-- (?6), or these types and events with U+001F between them (?7); and of aggregates (?8). A tenant or aggregates that are NULL
-- are any; lists are JSON, ids in them hexadecimal digits.
SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version, recorded_at,
       occurred_at, payload, metadata
