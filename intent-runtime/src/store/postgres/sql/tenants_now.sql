SELECT coalesce(current_setting('intent.tenants', true), '');
