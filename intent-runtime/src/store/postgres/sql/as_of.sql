-- The events up to a time are those before the first one after it. $4 says which time counts: true for the event's own, false
-- for the store's.
SELECT last.aggregate_type,
       coalesce(
           (
               SELECT version - 1
               FROM intent.events
               WHERE tenant_id = $1
                 AND aggregate_id = $2
                 AND CASE WHEN $4 THEN occurred_at ELSE recorded_at END > $3
               ORDER BY version
               LIMIT 1
           ),
           last.version
       ) AS version
FROM last;
