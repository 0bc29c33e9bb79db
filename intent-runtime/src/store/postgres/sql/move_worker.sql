-- Moves the checkpoint of the worker $1 from $4 to $5, if epoch, owner and names heard are still these. The lease lasts for $7
-- seconds then. For the rest of the transaction the policies of the read model $9 let its rows be written.
UPDATE intent.workers
SET cursor = $5, ready = ready OR $6, expires = clock_timestamp() + make_interval(secs => $7)
WHERE name = $1 AND epoch = $2 AND owner = $3 AND cursor = $4 AND heard IS NOT DISTINCT FROM $8
RETURNING set_config('intent.worker', $9, true);
