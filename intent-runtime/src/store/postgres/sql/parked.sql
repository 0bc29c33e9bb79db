SELECT tenant_id, cursor, event_id, reason, since FROM intent.parked WHERE worker = $1 ORDER BY tenant_id;
