-- The tenants that builds held back which are no more.
DELETE FROM intent_parked WHERE NOT EXISTS (SELECT 1 FROM intent_workers WHERE name = worker);
