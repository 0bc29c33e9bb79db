DELETE FROM intent_snapshots
WHERE tenant_id = ?1 AND (?2 IS NULL OR aggregate_type = ?2);
