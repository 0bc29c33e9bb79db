-- Rights for roles that do not own the tables. An application appends and reads within tenants: it can neither change
-- nor delete an event, nor choose its position. A reader reads the log of all tenants.
CREATE FUNCTION intent.grant_app(app name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA intent TO %I', app);
    EXECUTE format('GRANT SELECT ON intent.migrations, intent.store, intent.events, intent.events_position_seq TO %I', app);
    EXECUTE format(
        'GRANT INSERT (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at, '
        'aggregate_type, event_type, payload, metadata) ON intent.events TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON intent.snapshots TO %I', app);
END
$$;

CREATE FUNCTION intent.grant_reader(reader name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA intent TO %I', reader);
    EXECUTE format('GRANT SELECT ON intent.migrations, intent.store, intent.events, intent.events_position_seq TO %I', reader);
    -- Granted before, it stays as it is: a policy that is made anew has the table to itself for a moment.
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
            left('all_tenants_' || reader, 63), reader);
    END IF;
END
$$;

-- The owner may read the log of all tenants too, when it says so: whoever owns the table now, for a policy that names a
-- role stays with that role when another one is made the owner or restores a dump. It is asked for once a statement, and
-- only by one that has said so: to compare an unset setting with `=` would not keep the server from asking. The search path
-- is its own, for whoever asks could put another answer into his.
CREATE FUNCTION intent.is_owner() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = 'intent.events'::regclass);
END
$$;
CREATE POLICY all_tenants ON intent.events FOR SELECT
    USING (current_setting('intent.all_tenants', true) IS NOT DISTINCT FROM 'on' AND (SELECT intent.is_owner()));
