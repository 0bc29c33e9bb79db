-- The first $4 events behind position $3 that name a correlation ($2), no further than the one with which they have $5 bytes, or
-- one row without an event. Each row begins with the last position that was drawn.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id, $2::uuid AS correlation_id,
           $3::bigint AS after, $4::bigint AS count
)
SELECT CASE WHEN drawn.is_called THEN drawn.last_value ELSE 0 END, event.tenant_id, aggregate_id, version, aggregate_type,
       position, event_id, event_type, schema_version, recorded_at, payload, metadata, occurred_at
FROM setting
CROSS JOIN intent.events_position_seq AS drawn
LEFT JOIN LATERAL (
    SELECT found.*, sum(found.bytes) OVER (ORDER BY found.position) - found.bytes AS before
    FROM (
        SELECT events.*, octet_length(payload::text) + octet_length(metadata::text) AS bytes
        FROM intent.events
        WHERE tenant_id = setting.tenant_id AND correlation_id = setting.correlation_id AND position > setting.after
        ORDER BY position
        LIMIT setting.count
    ) AS found
) AS event ON event.before < $5
ORDER BY position;
