-- Restores the settings of the user's transaction.
SELECT set_config('intent.tenant', coalesce(kept ->> 0, ''), true),
       set_config('intent.row_tenant', coalesce(kept ->> 1, ''), true),
       set_config('intent.append_tenant', coalesce(kept ->> 2, ''), true),
       set_config('intent.all_tenants', coalesce(kept ->> 3, ''), true),
       set_config('row_security', kept ->> 4, true), set_config('client_encoding', kept ->> 6, true),
       set_config('search_path', kept ->> 5, true), set_config('intent.worker', coalesce(kept ->> 7, ''), true)
FROM (SELECT current_setting('intent.kept')::json AS kept) AS settings;
