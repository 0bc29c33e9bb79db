-- What kind of server and role this is, and what is there under our names: all from one snapshot, for another process may
-- be making our tables.
WITH ours AS MATERIALIZED (
    SELECT relname, relowner, relrowsecurity
    FROM pg_class
    WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'intent')
      AND relname IN ('migrations', 'events', 'snapshots')
)
SELECT current_setting('server_version_num')::int                               AS server_version,
       pg_encoding_to_char(current_database.encoding)                           AS encoding,
       pg_is_in_recovery()                                                      AS in_recovery,
       role.rolsuper                                                            AS superuser,
       role.rolbypassrls                                                        AS bypasses,
       EXISTS (SELECT 1 FROM ours WHERE relname = 'migrations')                 AS migrations,
       (SELECT 'intent.' || min(relname) FROM ours WHERE relname <> 'migrations') AS tables,
       EXISTS (
           SELECT 1 FROM ours WHERE relname = 'events' AND pg_has_role(relowner, 'USAGE')
       )                                                                        AS owner,
       EXISTS (
           SELECT 1 FROM ours WHERE relname <> 'migrations' AND NOT relrowsecurity
       )                                                                        AS unguarded
FROM pg_database AS current_database, pg_roles AS role
WHERE current_database.datname = current_database() AND role.rolname = current_user;
