-- Keeps what the user's transaction has set, then names no tenant: what our statements see depends on what they name alone.
SELECT set_config('intent.kept', pg_catalog.json_build_array(
           current_setting('intent.tenant', true), current_setting('intent.row_tenant', true),
           current_setting('intent.append_tenant', true), current_setting('intent.all_tenants', true),
           current_setting('row_security')
       )::text, true),
       set_config('intent.tenant', '', true), set_config('intent.row_tenant', '', true),
       set_config('intent.append_tenant', '', true), set_config('intent.all_tenants', '', true),
       set_config('row_security', 'on', true);
