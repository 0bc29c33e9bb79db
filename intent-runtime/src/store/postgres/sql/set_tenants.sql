-- For the rest of the transaction.
SELECT set_config('intent.tenants', $1, true);
