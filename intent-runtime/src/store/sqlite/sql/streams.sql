-- The ?4 aggregates of one stored type that begin next to a position, on one side of it.
SELECT position, aggregate_id
FROM intent_events
WHERE tenant_id = ?1 AND aggregate_type = ?2 AND version = 1
