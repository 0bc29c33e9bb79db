-- Notes why the worker ?1 cannot go on, unless another owner than ?2 holds its lease. It is now ?4.
UPDATE intent_workers
SET failure = ?3
WHERE name = ?1 AND failure IS NOT ?3 AND (owner IS NULL OR owner = ?2 OR expires < ?4);
