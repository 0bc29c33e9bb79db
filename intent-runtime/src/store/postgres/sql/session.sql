-- What a connection of the store's own is set to, whatever the role, the database or the pool's `after_connect` have set;
-- first whether it is in no transaction. The store counts on READ COMMITTED: each statement sees what is committed by then,
-- and fails for no other's. No tenant is named between its statements.
SELECT now() = statement_timestamp(),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('row_security', 'on', false),
       set_config('intent.tenant', '', false), set_config('intent.row_tenant', '', false),
       set_config('intent.append_tenant', '', false), set_config('intent.all_tenants', '', false);
