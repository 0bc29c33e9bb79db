-- Whether the build ?1 has not begun, for the one who has the lease.
SELECT 1 FROM intent_workers WHERE name = ?1 AND epoch = ?2 AND owner = ?3 AND cursor = 'start' AND NOT published;
