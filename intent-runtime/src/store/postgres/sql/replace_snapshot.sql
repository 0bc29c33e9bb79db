    ON CONFLICT (tenant_id, aggregate_id) DO UPDATE
    SET version        = excluded.version,
        schema_version = excluded.schema_version,
        aggregate_type = excluded.aggregate_type,
        state          = excluded.state
    WHERE excluded.version > kept.version
       OR (excluded.version = kept.version AND excluded.schema_version <> kept.schema_version)
)
