-- One tenant's rows, or with $1 NULL those of all, for a role that may read them. Whoever reads after its `after` does so
-- once the settings are made.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', coalesce($1::uuid::text, ''), true),
           set_config('intent.all_tenants', CASE WHEN $1 IS NULL THEN 'on' ELSE '' END, true),
           $2::bigint AS after
)
