-- The events up to a time are those before the first one after it. Times in metadata have one fixed width, so they sort as text.
SELECT last.aggregate_type,
       coalesce(
           (
               SELECT version - 1
               FROM intent_events
               WHERE tenant_id = ?1
                 AND aggregate_id = ?2
                 AND CASE metadata ->> '$.timestamp' IS NULL
                     WHEN TRUE THEN recorded_at > ?3
                     ELSE metadata ->> '$.timestamp' > ?4
                     END
               ORDER BY version
               LIMIT 1
           ),
           last.version
       ) AS version
FROM intent_events AS last
WHERE last.tenant_id = ?1 AND last.aggregate_id = ?2
ORDER BY last.version DESC
LIMIT 1;
