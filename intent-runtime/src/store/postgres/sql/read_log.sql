-- The log after position $2: of the tenant $1, or with NULL of all tenants for a role that may read them. The first row says
-- what is ahead, within $3 events and $4 bytes, and if there is a gap, in which run of the server it was seen. Then the wanted
-- events follow, up to the first gap or up to position $5: of any name ($6), or of these types of aggregates ($7), these events
-- ($8), or these types and events with U+001F between them ($9); and of these aggregates ($10), or of all if there are none.
-- The order is certain because nothing here can run in parallel. All rows are from one snapshot.
, ahead AS MATERIALIZED (
    SELECT log.*, least(log.fits, greatest(log.dense, log.settled)) AS upto
    FROM intent.log_ahead($2, $3, $4, $5) AS log
),
setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', coalesce($1::uuid::text, ''), true),
           set_config('intent.all_tenants', CASE WHEN $1 IS NULL THEN 'on' ELSE '' END, true),
           $1::uuid AS tenant, $2::bigint AS after, ahead.upto,
           $6::boolean AS any_name, $7::text[] AS aggregate_types, $8::text[] AS event_types, $9::text[] AS pairs,
           $10::uuid[] AS aggregate_ids, $3::bigint AS count, $6::boolean AND $10::uuid[] = '{}' AS everything
    FROM ahead
)
SELECT ARRAY[dense, settled, fits, last, last_drawn, complete::int, pg_is_in_recovery()::int, 0]::bigint[] AS ahead,
       NULL::uuid AS tenant_id, NULL::uuid AS aggregate_id, NULL::bigint AS version,
       CASE WHEN dense < last THEN (SELECT checkpoint FROM run) END AS aggregate_type, NULL::bigint AS position,
       NULL::uuid AS event_id, NULL::text AS event_type, NULL::bigint AS schema_version, NULL::timestamptz AS recorded_at,
       NULL::json AS payload, NULL::json AS metadata, NULL::timestamptz AS occurred_at
FROM ahead
UNION ALL
SELECT NULL, event.*
FROM setting
CROSS JOIN LATERAL (
    SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
           payload, metadata, occurred_at
    FROM intent.events
    WHERE position > setting.after
