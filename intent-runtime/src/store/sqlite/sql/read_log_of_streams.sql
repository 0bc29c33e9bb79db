-- Wanted events of the streams of some aggregates (?8) after ?1 up to ?2, by their keys: of a tenant (?3), or of all where it is
-- NULL; of any name (?4), or of these types of aggregates (?5), these events (?6), or these types and events with U+001F between
-- them (?7). Lists are JSON, ids in them hexadecimal digits. `+` keeps the statement off the key of all positions.
SELECT event.position, event.tenant_id, event.aggregate_id, event.aggregate_type, event.version, event.event_id,
       event.event_type, event.schema_version, event.recorded_at, event.occurred_at, event.payload, event.metadata
FROM intent_events AS first
CROSS JOIN intent_events AS event ON event.tenant_id = first.tenant_id AND event.aggregate_id = first.aggregate_id
WHERE first.aggregate_id IN (SELECT unhex(value) FROM json_each(?8))
  AND first.version = 1
  AND (?3 IS NULL OR first.tenant_id = ?3)
  AND +event.position > ?1
  AND +event.position <= ?2
  AND (?4
       OR event.aggregate_type IN (SELECT value FROM json_each(?5))
       OR event.event_type IN (SELECT value FROM json_each(?6))
       OR event.aggregate_type || char(31) || event.event_type IN (SELECT value FROM json_each(?7)))
ORDER BY +event.position;
