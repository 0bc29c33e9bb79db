-- A statement sees and writes the rows of the tenants that `intent.tenants` lists, and none while it lists none. The
-- list is taken apart once for a statement: a hashed subplan, beside which the primary key stays the index condition.
ALTER TABLE intent.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.events
    USING (tenant_id IN (
        SELECT unnest(string_to_array(nullif(current_setting('intent.tenants', true), ''), ',')::uuid[])
    ));

ALTER TABLE intent.snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.snapshots
    USING (tenant_id IN (
        SELECT unnest(string_to_array(nullif(current_setting('intent.tenants', true), ''), ',')::uuid[])
    ));
