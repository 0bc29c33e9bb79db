SELECT aggregate_type, version
FROM intent_events
WHERE tenant_id = ?1 AND aggregate_id = ?2
ORDER BY version DESC
LIMIT 1;
