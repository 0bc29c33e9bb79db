-- Saves the settings of the user's transaction, then names no tenant: our statements see and write only rows of the tenants that
-- they name themselves. Names are looked up as on the store's own connections. The answer says which store the database has.
SELECT pg_catalog.set_config('intent.kept', pg_catalog.json_build_array(
           pg_catalog.current_setting('intent.tenant', true), pg_catalog.current_setting('intent.row_tenant', true),
           pg_catalog.current_setting('intent.append_tenant', true), pg_catalog.current_setting('intent.all_tenants', true),
           pg_catalog.current_setting('row_security'), pg_catalog.current_setting('search_path'),
           pg_catalog.current_setting('client_encoding'), pg_catalog.current_setting('intent.worker', true)
       )::pg_catalog.text, true),
       pg_catalog.set_config('search_path', pg_catalog.concat_ws(
           ', ', 'pg_catalog', nullif(pg_catalog.current_setting('search_path'), ''), 'pg_temp'
       ), true),
       pg_catalog.set_config('client_encoding', 'UTF8', true),
       pg_catalog.set_config('intent.tenant', '', true), pg_catalog.set_config('intent.row_tenant', '', true),
       pg_catalog.set_config('intent.append_tenant', '', true), pg_catalog.set_config('intent.all_tenants', '', true),
       pg_catalog.set_config('intent.worker', '', true), pg_catalog.set_config('row_security', 'on', true),
       (SELECT id FROM intent.store) AS store;
