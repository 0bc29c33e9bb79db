DELETE FROM intent.parked WHERE worker = $1 AND tenant_id = $2;
