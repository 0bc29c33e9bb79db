    ORDER BY position DESC
    LIMIT ?2
)
SELECT (SELECT count(*) FROM step) AS looked, (SELECT min(position) FROM step) AS lowest, found.*
FROM (SELECT 1)
LEFT JOIN (
    SELECT event.position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version,
           recorded_at, occurred_at, payload, metadata
    FROM step
    JOIN intent_events AS event ON event.position = step.position
    WHERE step.wanted
    ORDER BY event.position DESC
    LIMIT ?11
) AS found
ORDER BY found.position DESC;
