-- Sets whose rows the statement sees, then finds the stream's version and type. What is asked for stands in a row of its
-- own, here and below: where the planner sees no values, one plan is as good as one for each call, and is kept.
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
