-- The builds of the version ?2 of the model ?1, or of all. It is now ?3.
SELECT name, model, version, build, epoch, CASE WHEN expires >= ?3 THEN owner END, paused, published, cursor,
       (SELECT count(*) FROM intent_parked WHERE worker = name),
       failure, expires, last_position, last_event, heard
FROM intent_workers
WHERE ?1 IS NULL OR (model = ?1 AND version = ?2)
ORDER BY model, version, build;
