-- The $4 aggregates of each stored name of a type ($2) that begin next to position $3, on one side of it.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id, $3::bigint AS from_position, $4::bigint AS count
)
SELECT stream.position, stream.aggregate_id
FROM setting
CROSS JOIN unnest($2::text[]) AS type (name)
CROSS JOIN LATERAL (
    SELECT position, aggregate_id
    FROM intent.events
    WHERE tenant_id = setting.tenant_id
      AND aggregate_type = type.name COLLATE "C"
      AND version = 1
