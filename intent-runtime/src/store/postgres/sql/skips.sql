-- The events that the version $2 of the model $1 leaves out.
SELECT tenant_id, event_id, reason, skipped_by, skipped_at
FROM intent.skips
WHERE model = $1 AND version = $2
ORDER BY skipped_at, event_id;
