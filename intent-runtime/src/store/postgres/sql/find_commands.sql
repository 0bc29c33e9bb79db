-- The stream of each command's first event, which is found by its id.
SELECT seen.aggregate_id, seen.aggregate_type
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS wanted (tenant_id, event_id, number)
CROSS JOIN LATERAL (
    SELECT set_config('intent.row_tenant', wanted.tenant_id::text, true)::uuid AS tenant_id OFFSET 0
) AS setting
LEFT JOIN LATERAL (
    SELECT aggregate_id, aggregate_type
    FROM intent.events
    WHERE tenant_id = setting.tenant_id AND event_id = wanted.event_id
    OFFSET 0
) AS seen ON true
ORDER BY wanted.number;
