-- The builds of the version $2 of the model $1, or of all.
SELECT name, model, version, build, epoch, CASE WHEN expires >= clock_timestamp() THEN owner END, paused, published, cursor,
       (SELECT count(*) FROM intent.parked WHERE worker = name),
       failure, expires, last_position, last_event, heard
FROM intent.workers
WHERE $1::text IS NULL OR (model = $1 AND version = $2)
ORDER BY model, version, build;
