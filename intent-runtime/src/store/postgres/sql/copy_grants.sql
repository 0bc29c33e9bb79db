-- Whoever may read the one relation may read the other one from now on. The names are in the settings, since a block takes no
-- parameters.
DO $$
DECLARE
    reader record;
BEGIN
    FOR reader IN
        SELECT grantee, is_grantable
        FROM pg_class, aclexplode(relacl)
        WHERE pg_class.oid = to_regclass(current_setting('intent.granted')) AND privilege_type = 'SELECT' AND grantee <> relowner
    LOOP
        EXECUTE format(
            'GRANT SELECT ON %s TO %s%s', to_regclass(current_setting('intent.granting')),
            CASE reader.grantee WHEN 0 THEN 'PUBLIC' ELSE reader.grantee::regrole::text END,
            CASE WHEN reader.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
END
$$;
