-- Whether the role may read the events of all tenants.
SELECT NOT row_security_active('intent.events') OR EXISTS (
    SELECT 1
    FROM pg_policy, unnest(polroles) AS granted (role)
    WHERE polrelid = 'intent.events'::regclass
      AND polname LIKE 'all\_tenants%'
      AND pg_has_role(granted.role, 'USAGE')
);
