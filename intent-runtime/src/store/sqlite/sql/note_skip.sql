-- Notes at ?6 that the version ?2 of the model ?1 leaves out the event ?3, if that holds back a tenant.
INSERT INTO intent_skips (model, version, event_id, tenant_id, reason, skipped_by, skipped_at)
SELECT DISTINCT ?1, ?2, ?3, tenant_id, ?4, ?5, ?6
FROM intent_parked JOIN intent_workers ON name = worker
WHERE model = ?1 AND version = ?2 AND event_id = ?3
ON CONFLICT (model, version, event_id) DO NOTHING;
