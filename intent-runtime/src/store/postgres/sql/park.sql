INSERT INTO intent.parked (worker, tenant_id, cursor, event_id, reason) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (worker, tenant_id) DO UPDATE
SET cursor = excluded.cursor, event_id = excluded.event_id, reason = excluded.reason;
