        LIMIT setting.count
    ) AS event
)
SELECT ARRAY[
           (SELECT count(*) FROM step),
           (SELECT min(position) FROM step),
           (SELECT count(*) FROM step WHERE step.wanted),
           (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM intent.events_position_seq)
       ]::bigint[] AS looked,
       NULL::uuid AS tenant_id, NULL::uuid AS aggregate_id, NULL::bigint AS version, NULL::text AS aggregate_type,
       NULL::bigint AS position, NULL::uuid AS event_id, NULL::text AS event_type, NULL::bigint AS schema_version,
       NULL::timestamptz AS recorded_at, NULL::json AS payload, NULL::json AS metadata, NULL::timestamptz AS occurred_at
UNION ALL
SELECT NULL, tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
       payload, metadata, occurred_at
FROM (
    SELECT event.*, sum(event.bytes) OVER (ORDER BY event.position DESC) - event.bytes AS before
    FROM setting
    CROSS JOIN LATERAL (
        SELECT event.*
        FROM (SELECT position FROM step WHERE step.wanted ORDER BY position DESC LIMIT setting.wanted) AS place
        CROSS JOIN LATERAL (
            SELECT events.*, octet_length(payload::text) + octet_length(metadata::text) AS bytes
            FROM intent.events
            WHERE position = place.position AND (setting.tenant IS NULL OR tenant_id = setting.tenant)
            OFFSET 0
        ) AS event
        ORDER BY event.position DESC
        LIMIT setting.wanted
    ) AS event
    ORDER BY event.position DESC
    LIMIT 9223372036854775807
) AS found
WHERE found.before < $12;
