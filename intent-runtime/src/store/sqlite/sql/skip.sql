-- The workers of the version ?2 of the model ?1 lose their leases, so that they see that the event ?3 is left out.
UPDATE intent_workers
SET epoch = epoch + 1, owner = NULL, expires = 0
WHERE model = ?1 AND version = ?2 AND EXISTS (
    SELECT 1
    FROM intent_parked JOIN intent_workers AS held ON held.name = worker
    WHERE held.model = ?1 AND held.version = ?2 AND event_id = ?3
)
RETURNING NOT published AND NOT EXISTS (SELECT 1 FROM intent_parked WHERE worker = name AND event_id = ?3);
