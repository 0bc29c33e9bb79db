-- The same transactions with what is known of them, the oldest first. If the role may not see what another does, the rest is
-- NULL.
SELECT lock.pid, activity.xact_start, activity.state, activity.query
FROM (
    SELECT DISTINCT virtualtransaction, pid
    FROM pg_locks
    WHERE locktype = 'relation'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND relation IN (SELECT relid FROM pg_partition_tree('intent.events') UNION SELECT 'intent.events'::regclass)
      AND mode = 'RowExclusiveLock'
      AND granted
) AS lock
LEFT JOIN pg_stat_activity AS activity ON activity.pid = lock.pid
ORDER BY activity.xact_start NULLS LAST;
