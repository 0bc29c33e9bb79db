-- First a row about the stream, then its events after $3 up to $4, in this order because nothing here can run in
-- parallel.
SELECT version, aggregate_type, NULL::bigint AS position, NULL::uuid AS event_id, NULL::text AS event_type,
       NULL::bigint AS schema_version, NULL::timestamptz AS recorded_at, NULL::json AS payload, NULL::json AS metadata
FROM last
UNION ALL
SELECT event.*
FROM last
CROSS JOIN LATERAL (
    SELECT version, aggregate_type, position, event_id, event_type, schema_version, recorded_at, payload, metadata
    FROM intent.events
    WHERE tenant_id = $1 AND aggregate_id = $2 AND version > $3 AND version <= least($4, last.version)
    ORDER BY version
    LIMIT 9223372036854775807
) AS event;
