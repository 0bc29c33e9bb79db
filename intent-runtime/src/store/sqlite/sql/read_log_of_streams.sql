-- The wanted ones of their events up to position ?2, no more than ?9 of each stream: of any name (?4), or of these types of
-- aggregates (?5), these events (?6), or these types and events with U+001F between them (?7). `+` keeps the statement off the
-- key of all positions.
SELECT event.position, event.tenant_id, event.aggregate_id, event.aggregate_type, event.version, event.event_id,
       event.event_type, event.schema_version, event.recorded_at, event.occurred_at, event.payload, event.metadata
FROM stream
CROSS JOIN intent_events AS event
    ON event.tenant_id = stream.tenant_id
   AND event.aggregate_id = stream.aggregate_id
   AND event.version > stream.after
   AND event.version <= stream.after + ?9
WHERE +event.position <= ?2
  AND (?4
       OR event.aggregate_type IN (SELECT value FROM json_each(?5))
       OR event.event_type IN (SELECT value FROM json_each(?6))
       OR event.aggregate_type || char(31) || event.event_type IN (SELECT value FROM json_each(?7)))
ORDER BY +event.position;
