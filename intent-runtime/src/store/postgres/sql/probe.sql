-- What kind of server and role this is, and what is there under our names.
SELECT current_setting('server_version_num')::int                               AS server_version,
       pg_encoding_to_char(current_database.encoding)                           AS encoding,
       pg_is_in_recovery()                                                      AS in_recovery,
       role.rolsuper                                                            AS superuser,
       role.rolbypassrls                                                        AS bypasses,
       to_regclass('intent.migrations') IS NOT NULL                             AS migrations,
       coalesce(to_regclass('intent.events'), to_regclass('intent.snapshots'))::text AS tables,
       EXISTS (
           SELECT 1 FROM pg_class
           WHERE oid = to_regclass('intent.events') AND pg_has_role(relowner, 'USAGE')
       )                                                                        AS owner,
       EXISTS (
           SELECT 1 FROM pg_class
           WHERE oid IN (to_regclass('intent.events'), to_regclass('intent.snapshots')) AND NOT relrowsecurity
       )                                                                        AS unguarded
FROM pg_database AS current_database, pg_roles AS role
WHERE current_database.datname = current_database() AND role.rolname = current_user;
