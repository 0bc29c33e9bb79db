-- The wanted events by the keys of their streams: of each stream, the range of versions that is on the page.
SELECT NULL, event.*
FROM page
CROSS JOIN LATERAL (
    SELECT event.*
    FROM (
        SELECT tenant_id, aggregate_id, min(version) AS first, max(version) AS last
        FROM own
        WHERE position <= page.to_position
        GROUP BY tenant_id, aggregate_id
    ) AS part
    CROSS JOIN LATERAL (
        SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
               payload, metadata, occurred_at
        FROM intent.events
        WHERE tenant_id = part.tenant_id
          AND aggregate_id = part.aggregate_id
          AND version >= part.first
          AND version <= part.last
          AND (page.any_name
               OR aggregate_type = ANY (page.aggregate_types)
               OR event_type = ANY (page.event_types)
               OR aggregate_type || chr(31) || event_type = ANY (page.pairs))
        ORDER BY version
        LIMIT 9223372036854775807
    ) AS event
    ORDER BY event.position
    LIMIT 9223372036854775807
) AS event;
