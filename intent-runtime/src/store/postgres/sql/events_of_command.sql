-- The events with these ids.
WITH setting AS MATERIALIZED (SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id)
SELECT event.*
FROM setting
CROSS JOIN LATERAL (
    SELECT aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at, payload,
           metadata, occurred_at
    FROM intent.events
    WHERE tenant_id = setting.tenant_id AND event_id = ANY ($2)
    OFFSET 0
) AS event
ORDER BY event.version;
