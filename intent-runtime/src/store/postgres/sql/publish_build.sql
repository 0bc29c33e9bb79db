-- The build $4, of the worker $1, takes the place of the earlier ones of the version $3 of the model $2.
WITH earlier AS (
    DELETE FROM intent.workers WHERE model = $2 AND version = $3 AND build < $4 RETURNING name
), resumed AS (
    DELETE FROM intent.parked USING earlier WHERE worker = earlier.name
)
UPDATE intent.workers SET published = true, failure = NULL WHERE name = $1;
