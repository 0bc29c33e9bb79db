-- Notes another build of the version ?2 of the model ?1, paused as the others are.
INSERT INTO intent_workers (name, model, version, build, paused)
SELECT ?1 || '__' || ?2 || '_' || number, ?1, ?2, number, paused
FROM (
    SELECT coalesce(max(build), 0) + 1 AS number, max(paused) AS paused FROM intent_workers WHERE model = ?1 AND version = ?2
)
RETURNING build;
