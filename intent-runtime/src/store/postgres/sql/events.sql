-- The log. `position` has no unique constraint: every constraint leads with the tenant, so that the table can be
-- distributed by it. The columns of fixed width stand first, which saves their padding.
CREATE TABLE intent.events (
    tenant_id      uuid        NOT NULL,
    aggregate_id   uuid        NOT NULL,
    event_id       uuid        NOT NULL,
    version        bigint      NOT NULL CHECK (version > 0),
    position       bigint      GENERATED ALWAYS AS IDENTITY (CACHE 1),
    schema_version bigint      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    occurred_at    timestamptz NOT NULL,
    aggregate_type text        COLLATE "C" NOT NULL,
    event_type     text        COLLATE "C" NOT NULL,
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    CONSTRAINT events_version PRIMARY KEY (tenant_id, aggregate_id, version),
    CONSTRAINT events_id UNIQUE (tenant_id, event_id)
);
CREATE INDEX events_position ON intent.events (position);

CREATE TABLE intent.snapshots (
    tenant_id      uuid   NOT NULL,
    aggregate_id   uuid   NOT NULL,
    version        bigint NOT NULL,
    schema_version bigint NOT NULL,
    aggregate_type text   COLLATE "C" NOT NULL,
    state          json   NOT NULL,
    CONSTRAINT snapshots_aggregate PRIMARY KEY (tenant_id, aggregate_id)
);
