CREATE TABLE intent_snapshots (
    tenant_id      BLOB    NOT NULL,
    aggregate_id   BLOB    NOT NULL,
    aggregate_type TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, aggregate_id)
) STRICT;
