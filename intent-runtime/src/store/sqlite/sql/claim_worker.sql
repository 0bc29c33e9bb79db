-- Takes or renews the lease of the worker ?1 for the owner ?2: it is now ?3, and the lease lasts until ?4.
INSERT INTO intent_workers (name, epoch, owner, expires) VALUES (?1, 1, ?2, ?4)
ON CONFLICT (name) DO UPDATE
SET epoch = epoch + (owner IS NOT ?2), owner = ?2, expires = ?4
WHERE owner IS NULL OR owner = ?2 OR expires < ?3
RETURNING epoch, cursor;
