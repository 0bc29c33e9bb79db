      -- The condition of that tenants' index, so that a step looks at the tenant's events only.
      AND tenant_id = ?3
      AND tenant_id <> x'00000000000000000000000000000000'
