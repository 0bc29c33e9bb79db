-- Stores a page of events that were recorded elsewhere ($1 to $12), in the given order: those that are not stored yet, or none if
-- one of them contradicts what is stored. The answer has the number of events stored. It also names the first event that
-- contradicts: its number, and the version and the type that its stream had before it. These two are NULL if another event is
-- stored under its id.
WITH given AS MATERIALIZED (
    SELECT event.*
    FROM (
        SELECT set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), true)
        OFFSET 0
    ) AS durable
    CROSS JOIN unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[],
                $8::text[], $9::text[], $10::json[], $11::json[], $12::uuid[])
        WITH ORDINALITY
        AS event (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
                  aggregate_type, event_type, payload, metadata, correlation_id, number)
),
met AS MATERIALIZED (
    SELECT given.*, stored.same
    FROM given
    CROSS JOIN LATERAL (
        SELECT set_config('intent.row_tenant', given.tenant_id::text, true)::uuid AS tenant_id OFFSET 0
    ) AS setting
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
        WHERE tenant_id = setting.tenant_id AND event_id = given.event_id
        OFFSET 0
    ) AS stored ON true
),
placed AS MATERIALIZED (
    SELECT new.*,
           coalesce(last.version, 0) + row_number() OVER stream - 1 AS actual,
           coalesce(last.aggregate_type, pg_catalog.first_value(new.aggregate_type) OVER stream) AS found
    FROM met AS new
    CROSS JOIN LATERAL (
        SELECT set_config('intent.row_tenant', new.tenant_id::text, true)::uuid AS tenant_id OFFSET 0
    ) AS setting
    LEFT JOIN LATERAL (
        SELECT version, aggregate_type
        FROM intent.events
        WHERE tenant_id = setting.tenant_id AND aggregate_id = new.aggregate_id
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
        aggregate_type, event_type, payload, metadata, correlation_id
    )
    SELECT set_config('intent.row_tenant', tenant_id::text, true)::uuid, aggregate_id, event_id, version, schema_version,
           recorded_at, occurred_at, aggregate_type, event_type, payload, metadata, correlation_id
    FROM (SELECT * FROM placed WHERE NOT EXISTS (SELECT 1 FROM refused) ORDER BY number) AS row
    RETURNING version
)
SELECT (SELECT count(*) FROM stored), refused.number, refused.actual, refused.found
FROM (SELECT 1) AS page
LEFT JOIN refused ON true;
