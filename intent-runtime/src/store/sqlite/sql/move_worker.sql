-- Moves the checkpoint of the worker ?1 from ?4 to ?5, if epoch, owner and names heard are still these. The last event is ?8 at the
-- position ?9 then, if it is another one. The lease lasts until ?6.
UPDATE intent_workers
SET cursor = ?5, expires = ?6, failure = NULL,
    last_event = coalesce(?8, last_event), last_position = coalesce(?9, last_position)
WHERE name = ?1 AND epoch = ?2 AND owner = ?3 AND cursor = ?4 AND heard IS ?7;
