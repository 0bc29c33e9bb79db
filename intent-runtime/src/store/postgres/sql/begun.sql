-- Where an aggregate begins, and of which type it is.
WITH setting AS MATERIALIZED (SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id)
SELECT first.position, first.aggregate_type
FROM setting
CROSS JOIN LATERAL (
    SELECT position, aggregate_type
    FROM intent.events
    WHERE tenant_id = setting.tenant_id AND aggregate_id = $2 AND version = 1
    OFFSET 0
) AS first;
