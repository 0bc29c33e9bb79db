SELECT coalesce(current_setting('intent.tenant', true), ''), coalesce(current_setting('intent.row_tenant', true), '');
