-- The wanted events of a tenant.
SELECT NULL, event.*
FROM page
CROSS JOIN LATERAL (
    SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
           payload, metadata, occurred_at
    FROM intent.events
    WHERE tenant_id = page.tenant
      AND tenant_id <> '00000000-0000-0000-0000-000000000000'
      AND position > page.after
      AND position <= page.to_position
      AND (page.any_name
           OR aggregate_type = ANY (page.aggregate_types)
           OR event_type = ANY (page.event_types)
           OR aggregate_type || chr(31) || event_type = ANY (page.pairs))
      AND (page.aggregate_ids = '{}' OR aggregate_id = ANY (page.aggregate_ids))
    ORDER BY position
    LIMIT 9223372036854775807
) AS event;
