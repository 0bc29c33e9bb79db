-- Only one process migrates at a time. The number is any that nobody else takes: "intent", as bytes.
SELECT pg_advisory_xact_lock(x'696e74656e74'::bigint);
