-- Sets whose rows the statement sees, then finds the stream's version and type.
WITH setting AS MATERIALIZED (SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id),
last AS MATERIALIZED (
    SELECT found.version, found.aggregate_type
    FROM setting
    CROSS JOIN LATERAL (
        SELECT version, aggregate_type
        FROM intent.events
        WHERE tenant_id = setting.tenant_id AND aggregate_id = $2
        ORDER BY version DESC
        LIMIT 1
    ) AS found
)
