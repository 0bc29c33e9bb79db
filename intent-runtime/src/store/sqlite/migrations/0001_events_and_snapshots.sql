-- Schema version 1: events and snapshots.
-- A released migration is never edited. Every later change is a migration of its own.

-- The migrations that were applied. `compatible_from` is the oldest schema version whose builds still work with what the
-- migration made. Those builds go on and can start again. Older ones are refused.
CREATE TABLE intent_migrations (
    version         INTEGER PRIMARY KEY CHECK (version > 0),
    description     TEXT    NOT NULL,
    compatible_from INTEGER NOT NULL CHECK (compatible_from <= version),
    applied_at      TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT;
INSERT INTO intent_migrations (version, description, compatible_from) VALUES (1, 'events and snapshots', 1);

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
    occurred_at    INTEGER NOT NULL, -- likewise
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    correlation_id BLOB,             -- as in the metadata; NULL where the event is found by its command, whose id it is
    UNIQUE (tenant_id, aggregate_id, version),
    UNIQUE (tenant_id, event_id)
) STRICT;

-- The log of one tenant: an entry ends with the position. The default tenant is left out, so that a program with one tenant
-- pays nothing.
CREATE INDEX intent_events_tenant ON intent_events (tenant_id) WHERE tenant_id <> x'00000000000000000000000000000000';
-- The streams of an aggregate id in all tenants, with one entry for each stream.
CREATE INDEX intent_events_aggregate ON intent_events (aggregate_id) WHERE version = 1;
-- The aggregates of a type, in the order in which they were begun.
CREATE INDEX intent_events_streams ON intent_events (tenant_id, aggregate_type, position) WHERE version = 1;
-- The events of a correlation; most begin one and have no entry.
CREATE INDEX intent_events_correlation ON intent_events (tenant_id, correlation_id) WHERE correlation_id IS NOT NULL;

CREATE TRIGGER intent_events_never_change BEFORE UPDATE ON intent_events
BEGIN
    SELECT raise(ABORT, 'intent_events is append-only');
END;

CREATE TRIGGER intent_events_never_vanish BEFORE DELETE ON intent_events
BEGIN
    SELECT raise(ABORT, 'intent_events is append-only');
END;

-- INSERT OR REPLACE deletes without asking the trigger on deletion. A position that is not given is none yet, whatever
-- number stands for it here; the table takes only positive ones.
CREATE TRIGGER intent_events_never_replaced BEFORE INSERT ON intent_events
WHEN (new.position > 0 AND EXISTS (SELECT 1 FROM intent_events WHERE position = new.position))
  OR EXISTS (SELECT 1 FROM intent_events WHERE tenant_id = new.tenant_id AND event_id = new.event_id)
  OR EXISTS (
      SELECT 1 FROM intent_events
      WHERE tenant_id = new.tenant_id AND aggregate_id = new.aggregate_id AND version = new.version
  )
BEGIN
    SELECT raise(ABORT, 'intent_events is append-only');
END;

CREATE TABLE intent_snapshots (
    tenant_id      BLOB    NOT NULL,
    aggregate_id   BLOB    NOT NULL,
    aggregate_type TEXT    NOT NULL,
    version        INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, aggregate_id)
) STRICT;

-- One row: the id of this store, which its cursors contain.
CREATE TABLE intent_store (id BLOB NOT NULL) STRICT;
INSERT INTO intent_store VALUES (randomblob(16));

-- Who writes the rows of a build of a read model, and how far. A lease that has run out can be taken; `epoch` counts how often it
-- changed hands or was taken away. `published` says that the views show the build, `heard` which events its rows are made of, and
-- the last of them tells this log from another. `failure` is why its worker cannot go on.
CREATE TABLE intent_workers (
    name          TEXT    PRIMARY KEY,
    model         TEXT    NOT NULL,
    version       INTEGER NOT NULL,
    build         INTEGER NOT NULL,
    epoch         INTEGER NOT NULL DEFAULT 0,
    owner         BLOB,
    expires       INTEGER NOT NULL DEFAULT 0, -- microseconds since 1970
    cursor        TEXT    NOT NULL DEFAULT 'start',
    last_position INTEGER,
    last_event    BLOB,
    published     INTEGER NOT NULL DEFAULT 0,
    paused        INTEGER,                    -- microseconds since 1970
    heard         TEXT,
    failure       TEXT
) STRICT;

-- The tenants that a worker holds back: up to where their rows are written, and the event that could not be applied.
CREATE TABLE intent_parked (
    worker    TEXT    NOT NULL,
    tenant_id BLOB    NOT NULL,
    cursor    TEXT    NOT NULL,
    event_id  BLOB    NOT NULL,
    reason    TEXT    NOT NULL,
    since     INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (worker, tenant_id)
) STRICT;

-- The events that all builds of a version leave out, with the tenant that each held back, and who said why.
CREATE TABLE intent_skips (
    model      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    event_id   BLOB    NOT NULL,
    tenant_id  BLOB    NOT NULL,
    reason     TEXT    NOT NULL,
    skipped_by TEXT,
    skipped_at INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (model, version, event_id)
) STRICT;
