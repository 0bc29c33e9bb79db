-- The wanted events of some aggregates.
SELECT NULL, event.*
FROM page
CROSS JOIN LATERAL (
    SELECT event.*
    FROM stream
    CROSS JOIN LATERAL (
        SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
               payload, metadata, occurred_at
        FROM intent.events
        WHERE tenant_id = stream.tenant_id
          AND aggregate_id = stream.id
          AND version > stream.after_version
          AND position <= page.to_position
          AND (page.any_name
               OR aggregate_type = ANY (page.aggregate_types)
               OR event_type = ANY (page.event_types)
               OR aggregate_type || chr(31) || event_type = ANY (page.pairs))
        ORDER BY version
        LIMIT $3
    ) AS event
    ORDER BY event.position
    LIMIT 9223372036854775807
) AS event;
