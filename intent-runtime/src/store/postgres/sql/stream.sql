-- Names the tenant whose rows the statement sees, then finds the stream's version and type. The parameters stand in a row of their
-- own, here and in what follows: the planner sees no values there, so it keeps one plan for all calls.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id, $2::uuid AS aggregate_id
),
last AS MATERIALIZED (
    SELECT setting.tenant_id, setting.aggregate_id, found.version, found.aggregate_type, found.event_id
    FROM setting
    CROSS JOIN LATERAL (
        SELECT version, aggregate_type, event_id
        FROM intent.events
        WHERE tenant_id = setting.tenant_id AND aggregate_id = setting.aggregate_id
        ORDER BY version DESC
        LIMIT 1
    ) AS found
)
