-- The transactions that may have drawn a position and not ended yet: an INSERT takes this lock before it draws one, and
-- keeps it until its commit can be seen. Locks on the fast path and of prepared transactions are listed too.
SELECT run.backend, run.checkpoint, ARRAY(
    SELECT DISTINCT virtualtransaction
    FROM pg_locks
    WHERE locktype = 'relation'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND relation IN (SELECT relid FROM pg_partition_tree('intent.events') UNION SELECT 'intent.events'::regclass)
      AND mode = 'RowExclusiveLock'
      AND granted
)
FROM run;
