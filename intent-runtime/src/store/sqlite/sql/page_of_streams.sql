-- Where a page of the events of some aggregates (?5) is full, if it is: after ?1 and up to ?2, in a tenant (?3) or in all,
-- behind as many events as ?4.
SELECT event.position
FROM intent_events AS first
CROSS JOIN intent_events AS event ON event.tenant_id = first.tenant_id AND event.aggregate_id = first.aggregate_id
WHERE first.aggregate_id IN (SELECT unhex(value) FROM json_each(?5))
  AND first.version = 1
  AND (?3 IS NULL OR first.tenant_id = ?3)
  AND +event.position > ?1
  AND +event.position <= ?2
ORDER BY +event.position
LIMIT 1 OFFSET ?4 - 1;
