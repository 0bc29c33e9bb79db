-- The first event behind a position of a tenant that is not the default one, by the index of those tenants.
SELECT position, recorded_at
FROM intent_events INDEXED BY intent_events_tenant
WHERE tenant_id = ?2
  AND tenant_id <> x'00000000000000000000000000000000'
  AND position > ?1
ORDER BY position
LIMIT 1;
