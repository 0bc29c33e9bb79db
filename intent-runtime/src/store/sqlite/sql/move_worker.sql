-- Moves the checkpoint of the worker ?1 from ?4 to ?5, if epoch, owner and names heard are still these. The lease lasts until
-- ?7 then.
UPDATE intent_workers
SET cursor = ?5, ready = ready OR ?6, expires = ?7
WHERE name = ?1 AND epoch = ?2 AND owner = ?3 AND cursor = ?4 AND heard IS ?8;
