-- The first event of a tenant behind a position.
SELECT position, recorded_at FROM intent_events WHERE position > ?1 AND tenant_id = ?2 ORDER BY position LIMIT 1;
