-- A newer snapshot replaces an older one. At the same version, one of another shape replaces it, since shapes have no order. A
-- snapshot beyond the end of its stream is not kept.
INSERT INTO intent_snapshots (tenant_id, aggregate_id, aggregate_type, version, schema_version, state)
SELECT ?1, ?2, aggregate_type, ?3, ?4, ?5
FROM intent_events
WHERE tenant_id = ?1 AND aggregate_id = ?2 AND version = ?3
ON CONFLICT (tenant_id, aggregate_id) DO UPDATE
SET aggregate_type = excluded.aggregate_type,
    version        = excluded.version,
    schema_version = excluded.schema_version,
    state          = excluded.state
WHERE excluded.version > intent_snapshots.version
   OR (excluded.version = intent_snapshots.version AND excluded.schema_version <> intent_snapshots.schema_version);
