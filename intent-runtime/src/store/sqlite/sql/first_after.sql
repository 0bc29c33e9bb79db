-- The first event behind a position, of the default tenant (?2) or, with NULL, of any tenant. `+` keeps the statement off the
-- keys, which would have to be read to their end.
SELECT position, recorded_at
FROM intent_events
WHERE position > ?1
  AND (?2 IS NULL OR +tenant_id = ?2)
ORDER BY position
LIMIT 1;
