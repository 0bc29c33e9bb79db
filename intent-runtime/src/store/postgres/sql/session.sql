-- Sets what the store relies on, whatever the role, the database or the pool's `after_connect` have set. The first column says
-- whether the connection is in no transaction. Under READ COMMITTED, each statement sees what is committed by then and never
-- fails because of a snapshot. No tenant is named between statements. The server's own names are found first and those of
-- temporary tables last. Text is UTF-8, as sqlx assumes.
SELECT pg_catalog.now() OPERATOR(pg_catalog.=) pg_catalog.statement_timestamp(),
       pg_catalog.set_config('search_path', pg_catalog.concat_ws(
           ', ', 'pg_catalog', nullif(pg_catalog.current_setting('search_path'), ''), 'pg_temp'
       ), false),
       pg_catalog.set_config('client_encoding', 'UTF8', false),
       pg_catalog.set_config('default_transaction_isolation', 'read committed', false),
       pg_catalog.set_config('row_security', 'on', false),
       pg_catalog.set_config('intent.tenant', '', false), pg_catalog.set_config('intent.row_tenant', '', false),
       pg_catalog.set_config('intent.append_tenant', '', false), pg_catalog.set_config('intent.all_tenants', '', false),
       pg_catalog.set_config('intent.application', '', false), pg_catalog.set_config('intent.worker', '', false);
