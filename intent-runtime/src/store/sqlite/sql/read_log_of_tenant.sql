-- Wanted events of a tenant (?3) after ?1 up to ?2, by the index of its positions, which lacks the default tenant: of any name
-- (?4), or of these types of aggregates (?5), these events (?6), or these types and events with U+001F between them (?7); and of
-- aggregates (?8), NULL for any. Lists are JSON, ids in them hexadecimal digits.
SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version, recorded_at,
       occurred_at, payload, metadata
FROM intent_events INDEXED BY intent_events_tenant
WHERE tenant_id = ?3
  AND tenant_id <> x'00000000000000000000000000000000'
  AND position > ?1
  AND position <= ?2
  AND (?4
       OR aggregate_type IN (SELECT value FROM json_each(?5))
       OR event_type IN (SELECT value FROM json_each(?6))
       OR aggregate_type || char(31) || event_type IN (SELECT value FROM json_each(?7)))
  AND (?8 IS NULL OR hex(aggregate_id) IN (SELECT value FROM json_each(?8)))
ORDER BY position;
