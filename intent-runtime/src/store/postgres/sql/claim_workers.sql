-- Takes or renews the leases of those of the workers $1 that the owner $2 may have. They last for $3 seconds. One that is being
-- written is passed over: whoever writes it would wait for this, and this for him.
WITH free AS MATERIALIZED (
    SELECT name FROM intent.workers
    WHERE name = ANY ($1) AND paused IS NULL AND (owner IS NULL OR owner = $2 OR expires < clock_timestamp())
    FOR UPDATE SKIP LOCKED)
UPDATE intent.workers AS worker
SET epoch = worker.epoch + (worker.owner IS DISTINCT FROM $2)::int, owner = $2,
    expires = clock_timestamp() + make_interval(secs => $3)
FROM free
WHERE worker.name = free.name
RETURNING worker.name, worker.epoch, worker.cursor, worker.published, worker.last_position, worker.last_event;
