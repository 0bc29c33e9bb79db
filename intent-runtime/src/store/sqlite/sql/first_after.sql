-- The first event of any tenant behind a position.
SELECT position, recorded_at FROM intent_events WHERE position > ?1 ORDER BY position LIMIT 1;
