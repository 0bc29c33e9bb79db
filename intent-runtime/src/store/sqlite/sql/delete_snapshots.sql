-- Deletes the snapshots of a type of aggregates, found by all its names (?2, as JSON), or those of all types.
DELETE FROM intent_snapshots
WHERE tenant_id = ?1 AND (?2 IS NULL OR aggregate_type IN (SELECT value FROM json_each(?2)));
