-- A row about the stream, then its events after $3 up to $4. The order is certain because nothing here can run in parallel.
, asked AS MATERIALIZED (SELECT last.*, $3::bigint AS after, least($4, last.version) AS upto FROM last)
SELECT tenant_id, aggregate_id, version, aggregate_type, NULL::bigint AS position, NULL::uuid AS event_id, NULL::text AS event_type,
       NULL::bigint AS schema_version, NULL::timestamptz AS recorded_at, NULL::json AS payload, NULL::json AS metadata,
       NULL::timestamptz AS occurred_at
FROM last
UNION ALL
SELECT event.*
FROM asked
CROSS JOIN LATERAL (
    SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
           payload, metadata, occurred_at
    FROM intent.events
    WHERE tenant_id = asked.tenant_id
      AND aggregate_id = asked.aggregate_id
      AND version > asked.after
      AND version <= asked.upto
    ORDER BY version
    LIMIT 9223372036854775807
) AS event;
