-- The view $1, if it is there: whether it reads the table $2, whether it has a condition, and whether it reads with the rights of its
-- reader.
SELECT relkind = 'v' AND EXISTS (
           SELECT
           FROM pg_rewrite JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
           WHERE ev_class = pg_class.oid AND refobjid = to_regclass($2)
       ),
       relkind = 'v' AND pg_get_viewdef(oid) ~ '\sWHERE\s',
       coalesce('security_invoker=true' = ANY (reloptions), false)
FROM pg_class
WHERE oid = to_regclass($1);
