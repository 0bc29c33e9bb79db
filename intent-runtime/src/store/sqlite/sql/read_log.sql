-- Wanted events after ?1 up to ?2: of a tenant (?3), of types of aggregates (?4), of kinds of events (?5), of aggregates
-- (?6); each NULL for any, the lists as JSON, ids in them as hexadecimal digits.
SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version, recorded_at,
       payload, metadata
FROM intent_events
WHERE position > ?1
  AND position <= ?2
  AND (?3 IS NULL OR tenant_id = ?3)
  AND (?4 IS NULL OR aggregate_type IN (SELECT value FROM json_each(?4)))
  AND (?5 IS NULL OR event_type IN (SELECT value FROM json_each(?5)))
  AND (?6 IS NULL OR hex(aggregate_id) IN (SELECT value FROM json_each(?6)))
ORDER BY position;
