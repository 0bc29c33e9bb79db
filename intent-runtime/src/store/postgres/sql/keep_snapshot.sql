-- Keeps a snapshot unless a newer one is kept or the stream does not reach its version. A newer one replaces an older
-- one, and one of another shape that of the same version: shapes have no order.
, kept AS (
    INSERT INTO intent.snapshots AS kept (tenant_id, aggregate_id, aggregate_type, version, schema_version, state)
    SELECT $1, $2, last.aggregate_type, $4, $5, $6
    FROM last
    WHERE last.aggregate_type = ANY ($3::text[]) AND last.version >= $4
    ON CONFLICT (tenant_id, aggregate_id) DO UPDATE
    SET version        = excluded.version,
        schema_version = excluded.schema_version,
        aggregate_type = excluded.aggregate_type,
        state          = excluded.state
    WHERE excluded.version > kept.version
       OR (excluded.version = kept.version AND excluded.schema_version <> kept.schema_version)
)
SELECT aggregate_type FROM last;
