-- The position of the event with an id.
WITH setting AS MATERIALIZED (SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id)
SELECT event.position
FROM setting
CROSS JOIN LATERAL (
    SELECT position FROM intent.events WHERE tenant_id = setting.tenant_id AND event_id = $2 OFFSET 0
) AS event;
