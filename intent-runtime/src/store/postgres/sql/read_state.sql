-- What an aggregate's state is made of: a row about the stream, then the newest snapshot after $3 up to $4 if $5 asks for one (its
-- event type is NULL), then the events after it, or all of them. The order is certain because nothing here can run in parallel.
, asked AS MATERIALIZED (
    SELECT last.*, $3::bigint AS after, least($4, last.version) AS upto, $5::boolean AS snapshot FROM last
),
kept AS MATERIALIZED (
    SELECT found.version, found.schema_version, found.state
    FROM asked
    CROSS JOIN LATERAL (
        SELECT version, schema_version, state
        FROM intent.snapshots
        WHERE asked.snapshot
          AND tenant_id = asked.tenant_id
          AND aggregate_id = asked.aggregate_id
          AND version > asked.after
          AND version <= asked.upto
        OFFSET 0
    ) AS found
),
behind AS MATERIALIZED (SELECT asked.*, coalesce((SELECT version FROM kept), after) AS since FROM asked)
SELECT version, aggregate_type AS name, NULL::bigint AS schema_version, NULL::json AS json, event_id FROM last
UNION ALL
SELECT version, NULL, schema_version, state, NULL FROM kept
UNION ALL
SELECT event.version, event.event_type, event.schema_version, event.payload, NULL
FROM behind
CROSS JOIN LATERAL (
    SELECT version, event_type, schema_version, payload
    FROM intent.events
    WHERE tenant_id = behind.tenant_id
      AND aggregate_id = behind.aggregate_id
      AND version > behind.since
      AND version <= behind.upto
    ORDER BY version
    LIMIT 9223372036854775807
) AS event;
