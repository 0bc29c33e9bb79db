, kept AS (
    -- Snapshots ($19 to $21) that ride along with requests that are stored.
    INSERT INTO intent.snapshots AS kept (tenant_id, aggregate_id, version, schema_version, aggregate_type, state)
    SELECT set_config('intent.row_tenant', stored.tenant_id::text, true)::uuid, stored.aggregate_id, stored.version,
           new.schema_version, coalesce(request.found, request.aggregate_type), new.state
    FROM unnest($19::bigint[], $20::bigint[], $21::json[]) AS new (request, schema_version, state)
    JOIN request ON request.number = new.request
    JOIN stored ON stored.tenant_id = request.tenant_id
               AND stored.aggregate_id = request.aggregate_id
               AND stored.version = request.actual + request.events
