-- What is named now; from here on nothing is.
SELECT coalesce(current_setting('intent.tenant', true), ''), coalesce(current_setting('intent.row_tenant', true), ''),
       coalesce(current_setting('intent.append_tenant', true), ''),
       set_config('intent.tenant', '', true), set_config('intent.row_tenant', '', true), set_config('intent.append_tenant', '', true);
