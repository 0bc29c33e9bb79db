-- The wanted events of a tenant that has few.
SELECT NULL, event.*
FROM page
CROSS JOIN LATERAL (
    SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
           payload, metadata, occurred_at
    FROM intent.events
    WHERE tenant_id = page.tenant
      AND position + 0 > page.after
      AND position + 0 <= page.to_position
      AND (page.any_name
           OR aggregate_type = ANY (page.aggregate_types)
           OR event_type = ANY (page.event_types)
           OR aggregate_type || chr(31) || event_type = ANY (page.pairs))
      AND (page.aggregate_ids = '{}' OR aggregate_id = ANY (page.aggregate_ids))
    ORDER BY position + 0
    LIMIT 9223372036854775807
) AS event
WHERE NOT EXISTS (SELECT FROM too_many);
