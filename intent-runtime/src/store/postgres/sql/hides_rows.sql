-- The statement that repairs the policies of the table $1 of the read model $2, whose rules have the roles $3 and the columns $4,
-- if one of those is missing by which its worker sees and writes its rows.
SELECT pg_catalog.format('SELECT intent.guard_rows(%L, %L, %L, %L)', $1::regclass, $2::text, $3::text[], $4::text[])
WHERE row_security_active($1::regclass) AND (
    SELECT count(*)
    FROM pg_policy
    WHERE polrelid = $1::regclass
      AND (polname, polcmd) IN (('worker_select', 'r'), ('worker_insert', 'a'), ('worker_update', 'w'), ('worker_delete', 'd'))
      AND EXISTS (SELECT FROM pg_catalog.unnest(polroles) AS granted (role) WHERE role = 0 OR pg_has_role(role, 'USAGE'))
) < 4;
