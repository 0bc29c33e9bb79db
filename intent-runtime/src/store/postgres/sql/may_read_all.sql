-- Whether the role may read the events of all tenants. The policy without a role is the owner's.
SELECT NOT row_security_active('intent.events') OR EXISTS (
    SELECT 1
    FROM pg_class AS events
    JOIN pg_policy ON polrelid = events.oid, pg_catalog.unnest(polroles) AS granted (role)
    WHERE events.oid = 'intent.events'::regclass
      AND polname LIKE 'all\_tenants%'
      AND pg_has_role(CASE granted.role WHEN 0 THEN events.relowner ELSE granted.role END, 'USAGE')
);
