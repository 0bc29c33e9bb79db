-- How the policies of the table $1 differ from those of the temporary table `intent_wanted`, which has those that are wanted, and
-- the statement that repairs it: $2 is the read model, and $3 and $4 are the roles and columns of its rules. The temporary table is
-- the caller's, so the owner of each counts as the same role.
WITH guarded (name, is_wanted) AS (
    VALUES ($1::regclass, false), ('pg_temp.intent_wanted'::regclass, true)
),
policy AS (
    SELECT is_wanted, polname::text AS name, polcmd, polpermissive,
           CASE WHEN polroles = ARRAY[relowner] THEN 'owner' ELSE polroles::text END AS roles,
           pg_get_expr(polqual, polrelid) AS sees, pg_get_expr(polwithcheck, polrelid) AS writes
    FROM guarded JOIN pg_class ON pg_class.oid = guarded.name JOIN pg_policy ON polrelid = guarded.name
),
drift (what, unknown) AS (
    SELECT CASE WHEN relrowsecurity THEN 'row-level security is not forced' ELSE 'row-level security is off' END, NULL
    FROM pg_class
    WHERE oid = $1::regclass AND NOT (relrowsecurity AND relforcerowsecurity)
    UNION ALL
    SELECT 'the policy `' || name || CASE
               WHEN there.is_wanted IS NULL THEN '` is missing'
               WHEN wanted.is_wanted IS NULL THEN '` is none of the read model'
               ELSE '` was altered'
           END,
           CASE WHEN wanted.is_wanted IS NULL THEN name END
    FROM (SELECT * FROM policy WHERE is_wanted) AS wanted
    FULL JOIN (SELECT * FROM policy WHERE NOT is_wanted) AS there USING (name)
    WHERE (wanted.polcmd, wanted.polpermissive, wanted.roles, wanted.sees, wanted.writes)
          IS DISTINCT FROM (there.polcmd, there.polpermissive, there.roles, there.sees, there.writes)
)
SELECT what,
       CASE
           WHEN unknown IS NULL
           THEN pg_catalog.format('SELECT intent.guard_rows(%L, %L, %L, %L)', $1::regclass, $2::text, $3::text[], $4::text[])
           ELSE pg_catalog.format('DROP POLICY %I ON %s', unknown, $1::regclass)
       END
FROM drift
ORDER BY what;
