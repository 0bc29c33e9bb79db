-- The first event after position $2, of a tenant ($1) or, with NULL, of any tenant.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', coalesce($1::uuid::text, ''), true),
           set_config('intent.all_tenants', CASE WHEN $1 IS NULL THEN 'on' ELSE '' END, true),
           $1::uuid AS tenant, $2::bigint AS after
)
SELECT first.position, first.recorded_at
FROM setting
CROSS JOIN LATERAL (
    SELECT position, recorded_at
    FROM intent.events
