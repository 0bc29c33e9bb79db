-- Notes why the worker $1 cannot go on, unless another owner than $2 holds its lease.
UPDATE intent.workers
SET failure = $3
WHERE name = $1 AND failure IS DISTINCT FROM $3 AND (owner IS NULL OR owner = $2 OR expires < clock_timestamp());
