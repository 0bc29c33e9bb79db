-- Where the first event of each command is: its id among its tenant's.
WITH setting AS MATERIALIZED (SELECT set_config('intent.tenants', $1, true))
SELECT seen.aggregate_id, seen.aggregate_type
FROM setting
CROSS JOIN unnest($2::uuid[], $3::uuid[]) WITH ORDINALITY AS wanted (tenant_id, event_id, number)
LEFT JOIN LATERAL (
    SELECT aggregate_id, aggregate_type
    FROM intent.events
    WHERE tenant_id = wanted.tenant_id AND event_id = wanted.event_id
    OFFSET 0
) AS seen ON true
ORDER BY wanted.number;
