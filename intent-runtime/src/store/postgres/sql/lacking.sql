-- Which rights the role lacks by which workers keep tables, and the statement that gives them.
SELECT name, pg_catalog.format('SELECT intent.grant_worker(%L);', current_user::text)
FROM (
    SELECT 'CREATE on schema intent_read',
           coalesce(has_schema_privilege(to_regnamespace('intent_read'), 'CREATE'),
                    has_database_privilege(current_database(), 'CREATE'))
    UNION ALL
    SELECT privilege || ' on ' || noted, has_table_privilege(noted, privilege)
    FROM (VALUES
        ('intent.workers', 'SELECT'), ('intent.workers', 'INSERT'), ('intent.workers', 'UPDATE'), ('intent.workers', 'DELETE'),
        ('intent.parked', 'SELECT'), ('intent.parked', 'INSERT'), ('intent.parked', 'UPDATE'), ('intent.parked', 'DELETE'),
        ('intent.skips', 'SELECT'), ('intent.skips', 'INSERT')
    ) AS noted (noted, privilege)
    UNION ALL
    SELECT 'EXECUTE on function intent.guard_rows', has_function_privilege('intent.guard_rows(regclass, text, text[], text[])', 'EXECUTE')
) AS wanted (name, given)
WHERE NOT given
ORDER BY name;
