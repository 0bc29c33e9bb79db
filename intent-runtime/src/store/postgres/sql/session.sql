-- What a connection of the store's own is set to, whatever the role, the database or the pool's `after_connect` have set;
-- first whether it is in no transaction. The store counts on READ COMMITTED: each statement sees what is committed by then,
-- and fails for no other's. No tenant is named between its statements. Names are looked up among the server's own first and
-- among temporary tables last, and text is UTF-8, which sqlx takes for granted.
SELECT pg_catalog.now() OPERATOR(pg_catalog.=) pg_catalog.statement_timestamp(),
       pg_catalog.set_config('search_path', pg_catalog.concat_ws(
           ', ', 'pg_catalog', nullif(pg_catalog.current_setting('search_path'), ''), 'pg_temp'
       ), false),
       pg_catalog.set_config('client_encoding', 'UTF8', false),
       pg_catalog.set_config('default_transaction_isolation', 'read committed', false),
       pg_catalog.set_config('row_security', 'on', false),
       pg_catalog.set_config('intent.tenant', '', false), pg_catalog.set_config('intent.row_tenant', '', false),
       pg_catalog.set_config('intent.append_tenant', '', false), pg_catalog.set_config('intent.all_tenants', '', false);
