        -- The condition and the order of that tenants' index, so that a step looks at the tenant's events only.
        WHERE tenant_id = setting.tenant
          AND tenant_id <> '00000000-0000-0000-0000-000000000000'
          AND greatest(position, 0) <= setting.upto
        ORDER BY greatest(position, 0) DESC
