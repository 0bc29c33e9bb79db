SELECT cursor, owner IS NOT NULL AND expires >= ?2, ready,
       (SELECT count(*) FROM intent_parked WHERE worker = name)
FROM intent_workers
WHERE name = ?1;
