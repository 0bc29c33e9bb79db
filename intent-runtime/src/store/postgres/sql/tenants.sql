-- A statement sees and writes the rows of the tenant that it has named, and none while it has named none. Most name one,
-- in `intent.tenant`, which is looked up once. A statement for several names each in `intent.row_tenant` just before it
-- turns to that one's rows, so that even there no tenant's rows are in another's reach. Written with OR, neither is of use
-- to an index: which one is used hangs on what a statement asks for, and never on a setting that is made later.
ALTER TABLE intent.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.events USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
    OR tenant_id = nullif(current_setting('intent.row_tenant', true), '')::uuid
);

ALTER TABLE intent.snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.snapshots USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
    OR tenant_id = nullif(current_setting('intent.row_tenant', true), '')::uuid
);
