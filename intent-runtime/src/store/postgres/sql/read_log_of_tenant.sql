      AND position <= setting.upto
      -- A plain `=` would lead the server to an index of tenants, which knows no positions.
      AND (setting.tenant IS NULL OR tenant_id = setting.tenant)
      AND (setting.any_name
           OR aggregate_type = ANY (setting.aggregate_types)
           OR event_type = ANY (setting.event_types)
           OR aggregate_type || chr(31) || event_type = ANY (setting.pairs))
      AND (setting.aggregate_ids = '{}' OR aggregate_id = ANY (setting.aggregate_ids))
    ORDER BY position
    LIMIT 9223372036854775807
) AS event;
