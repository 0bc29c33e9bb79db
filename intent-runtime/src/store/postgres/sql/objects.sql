-- Which of our objects there are, which rights the role lacks, and the statement that grants them. The catalogue answers this
-- without any right on the schema. Tables whose row-level security is off are listed separately, since they need no policies. A
-- role that only reads the log of all tenants does not need to write.
WITH schema AS (
    SELECT oid FROM pg_namespace WHERE nspname = 'intent'
),
ours AS (
    SELECT pg_class.oid, relname::text AS name, relkind, relrowsecurity
    FROM pg_class JOIN schema ON schema.oid = relnamespace
),
part (name) AS (
    SELECT 'table intent.' || name FROM ours WHERE relkind IN ('r', 'p')
    UNION ALL
    SELECT 'index intent.' || name FROM ours WHERE relkind IN ('i', 'I')
    UNION ALL
    SELECT 'constraint ' || conname::text || ' on intent.' || name FROM pg_constraint JOIN ours ON ours.oid = conrelid
    UNION ALL
    SELECT 'policy ' || polname::text || ' on intent.' || name FROM pg_policy JOIN ours ON ours.oid = polrelid
    UNION ALL
    SELECT 'function intent.' || proname::text FROM pg_proc JOIN schema ON schema.oid = pronamespace
),
common_right (name) AS (
    SELECT 'USAGE on schema intent' FROM schema WHERE NOT has_schema_privilege(oid, 'USAGE')
    UNION ALL
    SELECT 'SELECT on intent.' || name
    FROM ours
    WHERE name IN ('migrations', 'store', 'events', 'events_position_seq') AND NOT has_table_privilege(oid, 'SELECT')
    UNION ALL
    SELECT 'EXECUTE on function intent.' || proname::text
    FROM pg_proc JOIN schema ON schema.oid = pronamespace
    WHERE proname IN ('log_ahead', 'is_owner') AND NOT has_function_privilege(pg_proc.oid, 'EXECUTE')
),
writing (name, given) AS (
    SELECT 'INSERT on intent.events',
           (SELECT count(*)
            FROM pg_attribute
            WHERE attrelid = ours.oid
              AND attname IN ('tenant_id', 'aggregate_id', 'event_id', 'version', 'schema_version', 'recorded_at',
                              'occurred_at', 'aggregate_type', 'event_type', 'payload', 'metadata', 'correlation_id')
              AND has_column_privilege(ours.oid, attnum, 'INSERT')) = 12
    FROM ours WHERE name = 'events'
    UNION ALL
    SELECT wanted.privilege || ' on intent.snapshots', has_table_privilege(oid, wanted.privilege)
    FROM ours, (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS wanted (privilege)
    WHERE name = 'snapshots'
),
role (only_reads) AS (
    SELECT NOT EXISTS (SELECT FROM writing WHERE given) AND EXISTS (
        SELECT
        FROM pg_policy JOIN ours ON ours.oid = polrelid, pg_catalog.unnest(polroles) AS granted (role)
        WHERE name = 'events' AND polname LIKE 'all\_tenants\_%' AND pg_has_role(granted.role, 'USAGE')
    )
)
SELECT ARRAY(SELECT name FROM part),
       ARRAY(SELECT 'intent.' || name FROM ours WHERE relkind IN ('r', 'p') AND NOT relrowsecurity),
       ARRAY(
           SELECT name FROM common_right
           UNION ALL
           SELECT name FROM writing, role WHERE NOT given AND NOT only_reads
       ),
       pg_catalog.format(
           'SELECT intent.%s(%L);',
           CASE WHEN (SELECT only_reads FROM role) THEN 'grant_reader' ELSE 'grant_app' END,
           current_user::text
       );
