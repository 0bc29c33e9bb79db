-- One page of a stream, the events after ?3 up to ?4, as one row: three times faster than row by row. U+001E separates events and
-- U+001F their parts; neither occurs in JSON text or in names. A page of more than ?5 bytes is only measured, which does not touch
-- the overflow pages of large payloads.
WITH page AS MATERIALIZED (
    SELECT count(*) AS events, coalesce(sum(octet_length(payload)), 0) AS bytes
    FROM intent_events
    WHERE tenant_id = ?1 AND aggregate_id = ?2 AND version > ?3 AND version <= ?4
)
SELECT page.events,
       page.bytes,
       (
           SELECT aggregate_type
           FROM intent_events
           WHERE tenant_id = ?1 AND aggregate_id = ?2
           ORDER BY version DESC
           LIMIT 1
       ) AS aggregate_type,
       (SELECT max(version) FROM intent_events WHERE tenant_id = ?1 AND aggregate_id = ?2) AS last,
       (
           SELECT event_id
           FROM intent_events
           WHERE tenant_id = ?1 AND aggregate_id = ?2
           ORDER BY version DESC
           LIMIT 1
       ) AS last_event,
       group_concat(
           event.event_type || char(31) || event.schema_version || char(31) || event.payload,
           char(30) ORDER BY event.version
       ) AS frames
FROM page
LEFT JOIN intent_events AS event
    ON page.bytes <= ?5
   AND event.tenant_id = ?1
   AND event.aggregate_id = ?2
   AND event.version > ?3
   AND event.version <= ?4;
