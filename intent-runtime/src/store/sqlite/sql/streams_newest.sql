-- The last ?4 aggregates of one stored type that begin before a position.
SELECT position, aggregate_id
FROM intent_events
WHERE tenant_id = ?1 AND aggregate_type = ?2 AND position < ?3 AND version = 1
ORDER BY position DESC
LIMIT ?4;
