-- Moves the checkpoint of the worker $1 from $4 to $5, if epoch, owner and names heard are still these. The last event is $8 at the
-- position $9 then, if it is another one. The lease lasts for $6 seconds. For the rest of the transaction the policies of the read
-- model $10 let its rows be written.
UPDATE intent.workers
SET cursor = $5, expires = clock_timestamp() + make_interval(secs => $6), failure = NULL,
    last_event = coalesce($8, last_event), last_position = coalesce($9, last_position)
WHERE name = $1 AND epoch = $2 AND owner = $3 AND cursor = $4 AND heard IS NOT DISTINCT FROM $7
RETURNING set_config('intent.worker', $10, true);
