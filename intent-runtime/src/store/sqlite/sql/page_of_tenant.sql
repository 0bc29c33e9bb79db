-- Where a page of a tenant's events (?3) is full, if it is: after ?1 and up to ?2, behind as many events as ?9.
SELECT position
FROM intent_events INDEXED BY intent_events_tenant
WHERE tenant_id = ?3
  AND tenant_id <> x'00000000000000000000000000000000'
  AND position > ?1
  AND position <= ?2
ORDER BY position
LIMIT 1 OFFSET ?9 - 1;
