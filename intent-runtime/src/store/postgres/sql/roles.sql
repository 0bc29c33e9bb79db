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
    EXECUTE format(
        'CREATE POLICY %I ON intent.events FOR SELECT TO %I USING (current_setting(''intent.all_tenants'', true) = ''on'')',
        left('all_tenants_' || reader, 63), reader);
END
$$;

-- The owner may read the log of all tenants too, when it says so.
CREATE POLICY all_tenants ON intent.events FOR SELECT TO CURRENT_USER
    USING (current_setting('intent.all_tenants', true) = 'on');
