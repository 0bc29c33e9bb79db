-- Lets the workers of the version ?2 of the model ?1 stand still from ?4 on, or go on. They lose their leases, so that they see it.
UPDATE intent_workers
SET paused = CASE WHEN ?3 THEN coalesce(paused, ?4) END, epoch = epoch + 1, owner = NULL, expires = 0
WHERE model = ?1 AND version = ?2;
