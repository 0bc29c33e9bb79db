-- How many events are after the position ?1, counted to ?2.
SELECT count(*) FROM (SELECT 1 FROM intent_events WHERE position > ?1 ORDER BY position LIMIT ?2);
