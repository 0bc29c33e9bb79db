-- A statement sees and writes the rows of the tenant that it has named, and none while it has named none. Most name one in
-- `intent.tenant`, and to append to it in `intent.append_tenant`, which are looked up once. What reads or writes for
-- several tenants names each in `intent.row_tenant` just before it turns to that one's rows, so that even there no tenant's
-- rows are in another's reach; so does what writes a single event, for which that is less work. A setting counts from the
-- moment it is made, also within a statement: each of ours makes it in a row that the search for that tenant's rows hangs
-- on. Events are never updated; whoever owns them may erase a tenant's.
ALTER TABLE intent.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.events FOR SELECT USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
    OR tenant_id = nullif(current_setting('intent.row_tenant', true), '')::uuid
);
CREATE POLICY append ON intent.events FOR INSERT WITH CHECK (
    tenant_id = (SELECT nullif(current_setting('intent.append_tenant', true), '')::uuid)
    OR tenant_id::text = current_setting('intent.row_tenant', true)
);
CREATE POLICY erase ON intent.events FOR DELETE USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
);

ALTER TABLE intent.snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE intent.snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants ON intent.snapshots USING (
    tenant_id = (SELECT nullif(current_setting('intent.tenant', true), '')::uuid)
    OR tenant_id = nullif(current_setting('intent.row_tenant', true), '')::uuid
);
