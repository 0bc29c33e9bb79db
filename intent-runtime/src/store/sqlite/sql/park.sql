INSERT INTO intent_parked (worker, tenant_id, cursor, event_id, reason, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (worker, tenant_id) DO UPDATE
SET cursor = excluded.cursor, event_id = excluded.event_id, reason = excluded.reason;
