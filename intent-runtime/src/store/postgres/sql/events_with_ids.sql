-- The events with these ids: all, or with $3 no further than the one with which they have so many bytes.
WITH setting AS MATERIALIZED (SELECT set_config('intent.tenant', $1::uuid::text, true)::uuid AS tenant_id)
SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at, payload,
       metadata, occurred_at
FROM (
    SELECT event.*, sum(event.bytes) OVER (ORDER BY event.version) - event.bytes AS before
    FROM setting
    CROSS JOIN LATERAL (
        SELECT events.*,
               CASE WHEN $3::bigint IS NULL THEN 0 ELSE octet_length(payload::text) + octet_length(metadata::text) END AS bytes
        FROM intent.events
        WHERE tenant_id = setting.tenant_id AND event_id = ANY ($2)
        OFFSET 0
    ) AS event
) AS counted
WHERE $3 IS NULL OR before < $3
ORDER BY version;
