-- One process migrates at a time. The others wait, for longer than an append may wait for a lock. The number is arbitrary: it is
-- "intent" as bytes.
SELECT pg_advisory_xact_lock(x'696e74656e74'::bigint) FROM set_config('lock_timeout', '0', true);
