-- Takes or renews the lease of the worker $1 for the owner $2. It lasts for $3 seconds.
INSERT INTO intent.workers AS worker (name, epoch, owner, expires) VALUES ($1, 1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE
SET epoch = worker.epoch + (worker.owner IS DISTINCT FROM excluded.owner)::int, owner = excluded.owner, expires = excluded.expires
WHERE worker.owner IS NULL OR worker.owner = excluded.owner OR worker.expires < clock_timestamp()
RETURNING epoch, cursor;
