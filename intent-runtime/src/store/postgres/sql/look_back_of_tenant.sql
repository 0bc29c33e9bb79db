          -- The condition of that tenants' index, so that a step looks at the tenant's events only.
          AND tenant_id = setting.tenant
          AND tenant_id <> '00000000-0000-0000-0000-000000000000'
