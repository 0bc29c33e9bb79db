-- Where an aggregate begins, and of which type it is.
SELECT position, aggregate_type FROM intent_events WHERE tenant_id = ?1 AND aggregate_id = ?2 AND version = 1;
