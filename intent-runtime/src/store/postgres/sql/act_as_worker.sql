-- For the rest of the transaction the policies of the read model $1 show its rows.
SELECT set_config('intent.worker', $1, true);
