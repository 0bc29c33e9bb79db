-- For the rest of the transaction.
SELECT set_config('intent.tenant', $1, true), set_config('intent.row_tenant', $2, true), set_config('intent.append_tenant', $3, true);
