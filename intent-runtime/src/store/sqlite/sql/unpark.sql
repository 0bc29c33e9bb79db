DELETE FROM intent_parked WHERE worker = ?1 AND tenant_id = ?2;
