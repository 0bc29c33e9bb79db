-- The log. The one writer takes positions in order and deletes nothing, so they are dense without AUTOINCREMENT.
-- The payload stands before the metadata: a load needs the one and not the other, which may lie on another page.
CREATE TABLE intent_events (
    position       INTEGER PRIMARY KEY CHECK (position > 0),
    tenant_id      BLOB    NOT NULL,
    aggregate_id   BLOB    NOT NULL,
    version        INTEGER NOT NULL,
    aggregate_type TEXT    NOT NULL,
    event_id       BLOB    NOT NULL,
    event_type     TEXT    NOT NULL,
    schema_version INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL, -- microseconds since 1970
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    UNIQUE (tenant_id, aggregate_id, version),
    UNIQUE (tenant_id, event_id)
) STRICT;
