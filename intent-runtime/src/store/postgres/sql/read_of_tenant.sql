-- The wanted events of a tenant, in the order in which they were read above.
SELECT NULL, own.tenant_id, own.aggregate_id, own.version, own.aggregate_type, own.position, own.event_id, own.event_type,
       own.schema_version, own.recorded_at, own.payload, own.metadata, own.occurred_at
FROM page
CROSS JOIN own
WHERE own.position <= page.to_position
  AND (page.any_name
       OR own.aggregate_type = ANY (page.aggregate_types)
       OR own.event_type = ANY (page.event_types)
       OR own.aggregate_type || chr(31) || own.event_type = ANY (page.pairs))
  AND (page.aggregate_ids = '{}' OR own.aggregate_id = ANY (page.aggregate_ids));
