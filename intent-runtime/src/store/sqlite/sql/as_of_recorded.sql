-- The events up to a time are those before the first one after it.
SELECT last.aggregate_type,
       coalesce(
           (
               SELECT version - 1
               FROM intent_events
               WHERE tenant_id = ?1 AND aggregate_id = ?2 AND recorded_at > ?3
               ORDER BY version
               LIMIT 1
           ),
           last.version
       ) AS version
FROM intent_events AS last
WHERE last.tenant_id = ?1 AND last.aggregate_id = ?2
ORDER BY last.version DESC
LIMIT 1;
