    ORDER BY position DESC
    LIMIT ?2
),
size AS (
    SELECT event.position, octet_length(payload) + octet_length(metadata) AS bytes
    FROM step
    CROSS JOIN intent_events AS event ON event.position = step.position
    WHERE step.wanted
    ORDER BY step.position DESC
    LIMIT ?11
),
place AS MATERIALIZED (SELECT position, sum(bytes) OVER (ORDER BY position DESC) - bytes AS before FROM size)
SELECT (SELECT count(*) FROM step) AS looked,
       (SELECT min(position) FROM step) AS lowest,
       (SELECT count(*) FROM step WHERE wanted) AS wanted,
       found.*
FROM (SELECT 1)
LEFT JOIN (
    SELECT event.position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version,
           recorded_at, occurred_at, payload, metadata
    FROM place
    JOIN intent_events AS event ON event.position = place.position
    WHERE place.before < ?12
) AS found
ORDER BY found.position DESC;
