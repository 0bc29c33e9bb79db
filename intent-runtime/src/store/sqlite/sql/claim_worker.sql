-- Takes or renews the lease of the worker ?1, if the owner ?2 may have it: it is now ?3, and the lease lasts until ?4.
UPDATE intent_workers
SET epoch = epoch + (owner IS NOT ?2), owner = ?2, expires = ?4
WHERE name = ?1 AND paused IS NULL AND (owner IS NULL OR owner = ?2 OR expires < ?3)
RETURNING epoch, cursor, published, last_position, last_event;
