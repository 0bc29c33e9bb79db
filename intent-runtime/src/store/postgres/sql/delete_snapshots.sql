-- Deletes the snapshots of a type of aggregates, found by all its names, or those of all types.
DELETE FROM intent.snapshots
WHERE tenant_id = $1 AND ($2::text[] IS NULL OR aggregate_type = ANY ($2));
