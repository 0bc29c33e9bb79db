-- Keeps what the user's transaction has set, then names no tenant: what our statements see and write depends on what they
-- name alone. Names are looked up as on a connection of the store's own. Answers which store the transaction is in.
SELECT pg_catalog.set_config('intent.kept', pg_catalog.json_build_array(
           pg_catalog.current_setting('intent.tenant', true), pg_catalog.current_setting('intent.row_tenant', true),
           pg_catalog.current_setting('intent.append_tenant', true), pg_catalog.current_setting('intent.all_tenants', true),
           pg_catalog.current_setting('row_security'), pg_catalog.current_setting('search_path'),
           pg_catalog.current_setting('client_encoding')
       )::pg_catalog.text, true),
       pg_catalog.set_config('search_path', pg_catalog.concat_ws(
           ', ', 'pg_catalog', nullif(pg_catalog.current_setting('search_path'), ''), 'pg_temp'
       ), true),
       pg_catalog.set_config('client_encoding', 'UTF8', true),
       pg_catalog.set_config('intent.tenant', '', true), pg_catalog.set_config('intent.row_tenant', '', true),
       pg_catalog.set_config('intent.append_tenant', '', true), pg_catalog.set_config('intent.all_tenants', '', true),
       pg_catalog.set_config('row_security', 'on', true),
       (SELECT id FROM intent.store) AS store;
