-- Schema version 1: events and snapshots.
-- A released migration is never edited. Every later change is a migration of its own.
DO $$
BEGIN
    -- CREATE SCHEMA asks for a right on the database, even where the schema is there.
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'intent') THEN
        CREATE SCHEMA intent;
    END IF;
END
$$;

-- The migrations that were applied. `compatible_from` is the oldest schema version whose builds still work with what the
-- migration made. Those builds go on and can start again. Older ones are refused.
CREATE TABLE intent.migrations (
    version         bigint      PRIMARY KEY,
    description     text        NOT NULL,
    compatible_from bigint      NOT NULL CHECK (compatible_from <= version),
    applied_at      timestamptz NOT NULL DEFAULT now()
);
INSERT INTO intent.migrations (version, description, compatible_from) VALUES (1, 'events and snapshots', 1);

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
    correlation_id uuid        -- as in the metadata; NULL where the event is found by its command, whose id it is
);
ALTER TABLE intent.events ADD CONSTRAINT events_version PRIMARY KEY (tenant_id, aggregate_id, version);
ALTER TABLE intent.events ADD CONSTRAINT events_id UNIQUE (tenant_id, event_id);
CREATE INDEX events_position ON intent.events (position);
-- The log of one tenant. The default tenant is left out, so that a program with one tenant pays nothing for it. Its order is an
-- expression, `greatest(position, 0)`, which is the position: a statement that orders by it can use no index but this one. With
-- few tenants of equal size the server would otherwise walk the whole log and drop what belongs to others.
CREATE INDEX events_tenant ON intent.events (tenant_id, greatest(position, 0))
    WHERE tenant_id <> '00000000-0000-0000-0000-000000000000';
-- The streams of an aggregate id in all tenants, with one entry for each stream.
CREATE INDEX events_aggregate ON intent.events (aggregate_id) WHERE version = 1;
-- The aggregates of a type, in the order in which they were begun.
CREATE INDEX events_streams ON intent.events (tenant_id, aggregate_type, position) WHERE version = 1;
-- The events of a correlation; most begin one and have no entry.
CREATE INDEX events_correlation ON intent.events (tenant_id, correlation_id, position) WHERE correlation_id IS NOT NULL;

CREATE TABLE intent.snapshots (
    tenant_id      uuid   NOT NULL,
    aggregate_id   uuid   NOT NULL,
    version        bigint NOT NULL,
    schema_version bigint NOT NULL,
    aggregate_type text   COLLATE "C" NOT NULL,
    state          json   NOT NULL
);
ALTER TABLE intent.snapshots ADD CONSTRAINT snapshots_aggregate PRIMARY KEY (tenant_id, aggregate_id);

-- A statement sees and writes the rows of the tenant that it has named, and no rows before it names one. Most statements
-- name one tenant: in `intent.tenant`, and to append also in `intent.append_tenant`. These settings are looked up once a
-- statement. A statement for several tenants names each of them in `intent.row_tenant` just before it turns to that
-- tenant's rows, so that even there no tenant reaches another's rows. A statement that writes a single event does the same,
-- because it is less work. A setting counts from the moment it is made, also within a statement. Each of our statements
-- makes it in a row that the search for that tenant's rows depends on. Events are never updated, and their owner may erase
-- those of a tenant.
ALTER TABLE intent.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.events FOR SELECT USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
    OR tenant_id = nullif(current_setting('intent.row_tenant', true), '')::uuid
);
CREATE POLICY append ON intent.events FOR INSERT WITH CHECK (
    tenant_id = (SELECT nullif(current_setting('intent.append_tenant', true), '')::uuid)
    OR tenant_id::text = current_setting('intent.row_tenant', true)
);
CREATE POLICY erase ON intent.events FOR DELETE USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
);

ALTER TABLE intent.snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.snapshots USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
    OR tenant_id = nullif(current_setting('intent.row_tenant', true), '')::uuid
);

-- One row: the id of this store, which its cursors contain. It stays with the data when a dump is restored.
CREATE TABLE intent.store (id uuid NOT NULL DEFAULT gen_random_uuid());
INSERT INTO intent.store DEFAULT VALUES;

-- Who writes the rows of a build of a read model, and how far. A lease that has run out can be taken; `epoch` counts how often it
-- changed hands or was taken away. `published` says that the views show the build, `heard` which events its rows are made of, and
-- the last of them tells this log from another. `failure` is why its worker cannot go on.
CREATE TABLE intent.workers (
    name          text        COLLATE "C" PRIMARY KEY,
    model         text        COLLATE "C" NOT NULL,
    version       bigint      NOT NULL,
    build         bigint      NOT NULL,
    epoch         bigint      NOT NULL DEFAULT 0,
    owner         uuid,
    expires       timestamptz,
    cursor        text        COLLATE "C" NOT NULL DEFAULT 'start',
    last_position bigint,
    last_event    uuid,
    published     boolean     NOT NULL DEFAULT false,
    paused        timestamptz,
    heard         text,
    failure       text
);
-- The tenants that a worker holds back: up to where their rows are written, and the event that could not be applied.
CREATE TABLE intent.parked (
    worker    text        COLLATE "C" NOT NULL,
    tenant_id uuid        NOT NULL,
    cursor    text        COLLATE "C" NOT NULL,
    event_id  uuid        NOT NULL,
    reason    text        NOT NULL,
    since     timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE intent.parked ADD CONSTRAINT parked_tenant PRIMARY KEY (worker, tenant_id);
-- The events that all builds of a version leave out, with the tenant that each held back, and who said why.
CREATE TABLE intent.skips (
    model      text        COLLATE "C" NOT NULL,
    version    bigint      NOT NULL,
    event_id   uuid        NOT NULL,
    tenant_id  uuid        NOT NULL,
    reason     text        NOT NULL,
    skipped_by text,
    skipped_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE intent.skips ADD CONSTRAINT skips_event PRIMARY KEY (model, version, event_id);

-- What is committed after a position, in all tenants: how far the next `count` events reach. Each result is the position of
-- an event, or `after` if there is none. Of these events,
-- - `dense` is the last of those that follow each other without a gap,
-- - `settled` is the last one up to the position `settled_to`,
-- - `fits` is the last one within `bytes`, as they are stored, and at least the first event,
-- - `last` is the last of them, and `complete` says whether there were as many as asked for.
-- However many events are ahead, `reached` is the last one up to `settled_to`, and `newest` the last of all.
-- The function tells nothing else of events, so every role may call it. A reader of one tenant learns from it where no
-- event is missing. It is STABLE, so that it sees what the calling statement sees: with a newer snapshot it would report
-- events that the statement then misses. `pg_temp` is searched last. It would be searched first if it were not named, and
-- whatever the caller has there would run as the owner. The function is planned once, and as if the table were large: with
-- the position in sight it would be planned anew each time, which takes longer than to look.
CREATE FUNCTION intent.log_ahead(
    after bigint, count bigint, bytes bigint, settled_to bigint,
    OUT dense bigint, OUT settled bigint, OUT fits bigint, OUT last bigint, OUT complete boolean, OUT last_drawn bigint,
    OUT reached bigint, OUT newest bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    before text := coalesce(current_setting('intent.all_tenants', true), '');
    setting text;
    drawn bigint := pg_sequence_last_value('intent.events_position_seq');
    seen bigint;
    size bigint;
BEGIN
    last_drawn := coalesce(drawn, 0);
    dense := after;
    settled := after;
    fits := after;
    last := after;
    reached := after;
    newest := after;
    complete := false;
    -- An event that can be seen was drawn before. If nothing was drawn and there are events, as in a logical replica, they are
    -- reported.
    IF drawn <= after THEN
        RETURN;
    END IF;
    setting := set_config('intent.all_tenants', 'on', true);
    IF bytes IS NULL THEN
        -- By the index alone, which is several times as fast as a look at the events.
        SELECT pg_catalog.count(*), coalesce(max(ahead.position), after), 0
        INTO seen, last, size
        FROM (SELECT position FROM intent.events WHERE position > after ORDER BY position LIMIT count) AS ahead;
        bytes := 9223372036854775807;
    ELSE
        SELECT pg_catalog.count(*), coalesce(max(ahead.position), after), coalesce(sum(ahead.size), 0)
        INTO seen, last, size
        FROM (
            SELECT position, pg_column_size(payload) + pg_column_size(metadata) AS size
            FROM intent.events
            WHERE position > after
            ORDER BY position
            LIMIT count
        ) AS ahead;
    END IF;
    dense := last;
    settled := last;
    fits := last;
    -- Rarely needed: at a gap, or if events are large.
    IF last > after + seen OR size > bytes THEN
        SELECT coalesce(max(ahead.position) FILTER (WHERE ahead.position = after + ahead.number), after),
               coalesce(max(ahead.position) FILTER (WHERE ahead.position <= settled_to), after),
               max(ahead.position) FILTER (WHERE ahead.number = 1 OR ahead.total <= bytes)
        INTO dense, settled, fits
        FROM (
            SELECT position, row_number() OVER up_to_it AS number,
                   sum(pg_column_size(payload) + pg_column_size(metadata)) OVER up_to_it AS total
            FROM intent.events
            WHERE position > after
            WINDOW up_to_it AS (ORDER BY position ROWS UNBOUNDED PRECEDING)
            ORDER BY position
            LIMIT count
        ) AS ahead;
    END IF;
    complete := seen >= count;
    reached := settled;
    newest := last;
    IF complete THEN
        SELECT position INTO newest FROM intent.events ORDER BY position DESC LIMIT 1;
        IF settled_to > last THEN
            SELECT position INTO reached FROM intent.events WHERE position <= settled_to ORDER BY position DESC LIMIT 1;
        END IF;
    END IF;
    setting := set_config('intent.all_tenants', before, true);
END
$$;

-- Rights for roles that do not own the tables. An application appends and reads within tenants. It can neither change nor
-- delete an event, nor choose its position. A reader reads the log of all tenants. Functions are granted too, because a careful
-- operator takes the right to run them from everybody.
CREATE FUNCTION intent.grant_app(app name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA intent TO %I', app);
    EXECUTE format('GRANT SELECT ON intent.migrations, intent.store, intent.events, intent.events_position_seq TO %I', app);
    EXECUTE format('GRANT EXECUTE ON FUNCTION intent.log_ahead, intent.is_owner TO %I', app);
    EXECUTE format(
        'GRANT INSERT (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at, '
        'aggregate_type, event_type, payload, metadata, correlation_id) ON intent.events TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON intent.snapshots TO %I', app);
    EXECUTE format('GRANT SELECT ON intent.workers, intent.parked, intent.skips TO %I', app);
END
$$;

CREATE FUNCTION intent.grant_reader(reader name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA intent TO %I', reader);
    EXECUTE format('GRANT SELECT ON intent.migrations, intent.store, intent.events, intent.events_position_seq TO %I', reader);
    EXECUTE format('GRANT EXECUTE ON FUNCTION intent.log_ahead, intent.is_owner TO %I', reader);
    -- A policy that exists stays as it is, because making it again locks the table for a moment. Its name is not made from the
    -- role's, which may be as long as a name can be.
    IF NOT EXISTS (
        SELECT 1
        FROM pg_policy
        WHERE polrelid = 'intent.events'::regclass
          AND polname LIKE 'all\_tenants\_%'
          AND (SELECT oid FROM pg_roles WHERE rolname = reader) = ANY (polroles)
    ) THEN
        EXECUTE format(
            'CREATE POLICY %I ON intent.events FOR SELECT TO %I '
            'USING (current_setting(''intent.all_tenants'', true) = ''on'')',
            'all_tenants_' || gen_random_uuid(), reader);
    END IF;
END
$$;

-- A worker makes the tables of read models in a schema of their own, and writes their rows. It also has the rights of an
-- application and of a reader.
CREATE FUNCTION intent.grant_worker(worker name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM intent.grant_app(worker), intent.grant_reader(worker);
    CREATE SCHEMA IF NOT EXISTS intent_read;
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA intent_read TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON intent.workers, intent.parked TO %I', worker);
    EXECUTE format('GRANT SELECT, INSERT ON intent.skips TO %I', worker);
    EXECUTE format('GRANT EXECUTE ON FUNCTION intent.guard_rows TO %I', worker);
END
$$;

-- Makes the policies of a table of a read model anew. It is for the owner of the table.
-- A statement sees the rows of the tenant that `intent.tenant` names, if `intent.application` is on, or if `intent.roles`, a list
-- with commas, has one of the roles. A role with a column in `own` sees the rows that have the name in `intent.actor` there. That
-- policy is for everybody and compares the tenant with one value, so that indexes, which begin with the tenant, are used. The
-- worker sees the rows of all tenants and writes them, if `intent.worker` names the model. That it sees them is a policy for the
-- table's owner alone: for everybody it would keep indexes from being used.
CREATE FUNCTION intent.guard_rows(guarded regclass, model text, roles text[], own text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_worker text := format('(SELECT current_setting(''intent.worker'', true)) = %L', model);
    may_read text := '(SELECT current_setting(''intent.application'', true)) = ''on''';
    is_role text;
    actor text;
    policy text;
BEGIN
    FOR rule IN 1 .. cardinality(roles) LOOP
        is_role := format('%L = ANY ((SELECT string_to_array(current_setting(''intent.roles'', true), '',''))::text[])', roles[rule]);
        IF own[rule] IS NOT NULL THEN
            -- An id is compared as text, so that a name that is no id is no error. Nobody has an empty name.
            IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = guarded AND attname = own[rule] AND atttypid = 'uuid'::regtype) THEN
                actor := '(SELECT lower(current_setting(''intent.actor'', true)))';
            ELSE
                actor := '(SELECT nullif(current_setting(''intent.actor'', true), ''''))';
            END IF;
            is_role := format('%s AND %I::text = %s', is_role, own[rule], actor);
        END IF;
        may_read := format('%s OR (%s)', may_read, is_role);
    END LOOP;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
    FOREACH policy IN ARRAY ARRAY['tenants', 'worker_select', 'worker_insert', 'worker_update', 'worker_delete'] LOOP
        IF EXISTS (SELECT FROM pg_policy WHERE polrelid = guarded AND polname = policy) THEN
            EXECUTE format('DROP POLICY %I ON %s', policy, guarded);
        END IF;
    END LOOP;
    EXECUTE format(
        'CREATE POLICY tenants ON %s FOR SELECT '
        'USING (tenant_id = (SELECT nullif(current_setting(''intent.tenant'', true), '''')::uuid) AND (%s))', guarded, may_read);
    EXECUTE format(
        'CREATE POLICY worker_select ON %s FOR SELECT TO %I USING (%s)', guarded,
        (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = guarded), is_worker);
    EXECUTE format('CREATE POLICY worker_insert ON %s FOR INSERT WITH CHECK (%s)', guarded, is_worker);
    EXECUTE format('CREATE POLICY worker_update ON %s FOR UPDATE USING (%s)', guarded, is_worker);
    EXECUTE format('CREATE POLICY worker_delete ON %s FOR DELETE USING (%s)', guarded, is_worker);
END
$$;

-- The owner may read the log of all tenants too, when it says so. This function finds out who owns the table now: a policy that
-- names a role stays with that role when another one becomes the owner or restores a dump. A statement calls it once, and only
-- after it has said so. With `=`, an unset setting would not keep the server from calling it. The function has a search path of
-- its own, since the caller's could lead to another answer.
CREATE FUNCTION intent.is_owner() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = 'intent.events'::regclass);
END
$$;
CREATE POLICY all_tenants ON intent.events FOR SELECT
    USING (current_setting('intent.all_tenants', true) IS NOT DISTINCT FROM 'on' AND (SELECT intent.is_owner()));
