-- Keeps a snapshot unless a newer one is kept or the stream does not reach its version.
, kept AS (
    INSERT INTO intent.snapshots AS kept (tenant_id, aggregate_id, aggregate_type, version, schema_version, state)
    SELECT $1, $2, last.aggregate_type, $4, $5, $6
    FROM last
    WHERE last.aggregate_type = ANY ($3::text[]) AND last.version >= $4
