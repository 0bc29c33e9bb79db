SELECT cursor, owner IS NOT NULL AND expires >= clock_timestamp(), ready,
       (SELECT count(*) FROM intent.parked WHERE worker = name)
FROM intent.workers
WHERE name = $1;
