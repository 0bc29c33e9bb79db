-- Where a page of their events is full, if it is: up to position ?2, behind as many events as ?9.
SELECT event.position
FROM stream
CROSS JOIN intent_events AS event
    ON event.tenant_id = stream.tenant_id
   AND event.aggregate_id = stream.aggregate_id
   AND event.version > stream.after
   AND event.version <= stream.after + ?9
WHERE +event.position <= ?2
ORDER BY +event.position
LIMIT 1 OFFSET ?9 - 1;
