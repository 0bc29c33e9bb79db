-- What kind of server and role this is, and which of our names exist. The catalogue answers this without any right on the schema.
WITH ours AS (
    SELECT relname, pg_class.oid, relowner, relrowsecurity
    FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'intent' AND relname IN ('migrations', 'events', 'snapshots', 'store')
)
SELECT current_setting('server_version_num')::int                               AS server_version,
       pg_encoding_to_char(current_database.encoding)                           AS encoding,
       pg_is_in_recovery()                                                      AS in_recovery,
       role.rolsuper                                                            AS superuser,
       role.rolbypassrls                                                        AS bypasses,
       EXISTS (SELECT FROM ours WHERE relname = 'migrations')                   AS migrations,
       (SELECT min('intent.' || relname::text) FROM ours WHERE relname <> 'migrations') AS tables,
       EXISTS (SELECT FROM ours WHERE relname = 'events' AND pg_has_role(relowner, 'USAGE')) AS owner,
       EXISTS (SELECT FROM ours WHERE relname IN ('events', 'snapshots') AND NOT relrowsecurity) AS unguarded
FROM pg_database AS current_database, pg_roles AS role
WHERE current_database.datname = current_database() AND role.rolname = current_user;
