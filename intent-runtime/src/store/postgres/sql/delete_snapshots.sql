DELETE FROM intent.snapshots
WHERE tenant_id = $1 AND ($2::text IS NULL OR aggregate_type = $2);
