-- Stores a page of events that were recorded elsewhere ($2 to $12), in the order given: those that are not there yet, or
-- none when one of them contradicts what is there. Answers with how many were stored and with the first that does: its
-- number and, unless an event of its id is there and differs, the version and the type of its stream before it.
WITH setting AS MATERIALIZED (SELECT set_config('intent.tenants', $1, true)),
given AS MATERIALIZED (
    SELECT event.*
    FROM setting
    CROSS JOIN unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::timestamptz[],
                      $8::timestamptz[], $9::text[], $10::text[], $11::json[], $12::json[])
        WITH ORDINALITY
        AS event (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                  aggregate_type, event_type, payload, metadata, number)
),
met AS MATERIALIZED (
    SELECT given.*, stored.same
    FROM given
    LEFT JOIN LATERAL (
        SELECT aggregate_id = given.aggregate_id
           AND version = given.version
           AND schema_version = given.schema_version
           AND recorded_at = given.recorded_at
           AND aggregate_type = given.aggregate_type
           AND event_type = given.event_type
           AND payload::text = given.payload::text
           AND metadata::text = given.metadata::text AS same
        FROM intent.events
        WHERE tenant_id = given.tenant_id AND event_id = given.event_id
        OFFSET 0
    ) AS stored ON true
),
placed AS MATERIALIZED (
    SELECT new.*,
           coalesce(last.version, 0) + row_number() OVER stream - 1 AS actual,
           coalesce(last.aggregate_type, first_value(new.aggregate_type) OVER stream) AS found
    FROM met AS new
    LEFT JOIN LATERAL (
        SELECT version, aggregate_type
        FROM intent.events
        WHERE tenant_id = new.tenant_id AND aggregate_id = new.aggregate_id
        ORDER BY version DESC
        LIMIT 1
    ) AS last ON true
    WHERE new.same IS NULL
    WINDOW stream AS (PARTITION BY new.tenant_id, new.aggregate_id ORDER BY new.number)
),
refused AS MATERIALIZED (
    SELECT number, actual, found
    FROM (
        SELECT number, NULL::bigint AS actual, NULL::text AS found FROM met WHERE NOT same
        UNION ALL
        SELECT number, actual, found FROM placed WHERE version <> actual + 1 OR aggregate_type <> found
    ) AS contradiction
    ORDER BY number
    LIMIT 1
),
stored AS (
    INSERT INTO intent.events (
        tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
        aggregate_type, event_type, payload, metadata
    )
    SELECT tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
           aggregate_type, event_type, payload, metadata
    FROM placed
    WHERE NOT EXISTS (SELECT 1 FROM refused)
    ORDER BY number
    RETURNING version
)
SELECT (SELECT count(*) FROM stored), refused.number, refused.actual, refused.found
FROM setting
LEFT JOIN refused ON true;
