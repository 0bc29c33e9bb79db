-- Lets the workers of the version $2 of the model $1 stand still, or go on. They lose their leases, so that they see it.
UPDATE intent.workers
SET paused = CASE WHEN $3 THEN coalesce(paused, clock_timestamp()) END, epoch = epoch + 1, owner = NULL, expires = NULL
WHERE model = $1 AND version = $2;
