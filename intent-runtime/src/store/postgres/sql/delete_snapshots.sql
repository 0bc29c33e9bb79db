-- Those of a type of aggregates by all its names, or of all types.
DELETE FROM intent.snapshots
WHERE tenant_id = $1 AND ($2::text[] IS NULL OR aggregate_type = ANY ($2));
