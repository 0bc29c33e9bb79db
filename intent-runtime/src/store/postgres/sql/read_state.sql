-- What state is made of. First a row about the stream, then the newest snapshot after $3 up to $4, if $5 asks for one
-- (its row has no name), then the events after it, or all. The parts come in this order because nothing here can run
-- in parallel.
, kept AS MATERIALIZED (
    SELECT found.version, found.schema_version, found.state
    FROM last
    CROSS JOIN LATERAL (
        SELECT version, schema_version, state
        FROM intent.snapshots
        WHERE $5 AND tenant_id = $1 AND aggregate_id = $2 AND version > $3 AND version <= least($4, last.version)
        OFFSET 0
    ) AS found
)
SELECT version, aggregate_type AS name, NULL::bigint AS schema_version, NULL::json AS json FROM last
UNION ALL
SELECT version, NULL, schema_version, state FROM kept
UNION ALL
SELECT event.version, event.event_type, event.schema_version, event.payload
FROM last
CROSS JOIN LATERAL (
    SELECT version, event_type, schema_version, payload
    FROM intent.events
    WHERE tenant_id = $1
      AND aggregate_id = $2
      AND version > coalesce((SELECT version FROM kept), $3)
      AND version <= least($4, last.version)
    ORDER BY version
    LIMIT 9223372036854775807
) AS event;
