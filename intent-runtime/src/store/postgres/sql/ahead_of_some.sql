-- A part of the log after position $2: the tenant $1, or with NULL of all tenants for a role that may read them. The first row
-- says what is ahead, and if there is a gap, in which run of the server it was seen. Then the wanted events follow, up to where
-- no event can be missing, and no more than $3 events and $4 bytes. Everything up to position $5 is settled: the page goes that
-- far at once, past all events that are not of this part. Wanted are events of any name ($6), or of these types of aggregates
-- ($7), these events ($8), or these types and events with U+001F between them ($9); and of these aggregates ($10), or of all if
-- there are none. The order is certain because nothing here can run in parallel. All rows are from one snapshot.
, ahead AS MATERIALIZED (
    SELECT log.*, greatest(log.dense, log.reached) AS upto
    FROM intent.log_ahead($2, 1000, $4, $5) AS log
),
setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', coalesce($1::uuid::text, ''), true),
           set_config('intent.all_tenants', CASE WHEN $1 IS NULL THEN 'on' ELSE '' END, true),
           $1::uuid AS tenant, $2::bigint AS after, ahead.upto, $6::boolean AS any_name, $7::text[] AS aggregate_types,
           $8::text[] AS event_types, $9::text[] AS pairs, $10::uuid[] AS aggregate_ids
    FROM ahead
),
