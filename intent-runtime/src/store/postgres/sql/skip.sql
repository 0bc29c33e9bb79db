-- Notes that the version $2 of the model $1 leaves out the event $3, if that holds back a tenant. The workers lose their leases, so
-- that they see it.
WITH held AS (
    SELECT DISTINCT tenant_id
    FROM intent.parked JOIN intent.workers ON name = worker
    WHERE model = $1 AND version = $2 AND event_id = $3
), noted AS (
    INSERT INTO intent.skips (model, version, event_id, tenant_id, reason, skipped_by)
    SELECT $1, $2, $3, tenant_id, $4, $5 FROM held
    ON CONFLICT (model, version, event_id) DO NOTHING
)
UPDATE intent.workers
SET epoch = epoch + 1, owner = NULL, expires = NULL
WHERE model = $1 AND version = $2 AND EXISTS (SELECT FROM held)
RETURNING NOT published AND NOT EXISTS (SELECT FROM intent.parked WHERE worker = name AND event_id = $3);
