-- Only one process migrates at a time, and the others wait for it, however long an append may wait for a lock. The number is
-- any that nobody else takes: "intent", as bytes.
SELECT pg_advisory_xact_lock(x'696e74656e74'::bigint) FROM set_config('lock_timeout', '0', true);
