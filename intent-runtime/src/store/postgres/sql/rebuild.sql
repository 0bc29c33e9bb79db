-- Notes another build of the version $2 of the model $1. One that is not published is given up.
WITH known AS (
    SELECT name, build, published, paused FROM intent.workers WHERE model = $1 AND version = $2 FOR UPDATE
), given_up AS (
    DELETE FROM intent.workers USING known WHERE workers.name = known.name AND NOT known.published RETURNING workers.name
), resumed AS (
    DELETE FROM intent.parked USING given_up WHERE worker = given_up.name
)
INSERT INTO intent.workers (name, model, version, build, paused)
SELECT format('%s__%s_%s', $1, $2, number), $1, $2, number, paused
FROM (SELECT coalesce(max(build), 0) + 1 AS number, max(paused) AS paused FROM known) AS next
RETURNING build;
