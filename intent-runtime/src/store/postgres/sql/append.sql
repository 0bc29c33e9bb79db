-- Appends a batch: requests ($2 to $8) and their events ($9 to $14), waiting for the rows of others for $15 milliseconds, or
-- as long as is set when it is NULL. Requests whose stream is as expected are stored;
-- every request is answered with the version and the type that its stream had, and where its last event went. The
-- unique keys decide what this statement could not see. Streams and events come in order of key.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenants', $1, true),
           set_config('lock_timeout', coalesce($15, current_setting('lock_timeout')), true),
           clock_timestamp() AS now
),
request AS MATERIALIZED (
    SELECT given.*, setting.now, coalesce(last.version, 0) AS actual, last.aggregate_type AS found
    FROM setting
    CROSS JOIN unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::json[], $8::timestamptz[])
        WITH ORDINALITY
        AS given (tenant_id, aggregate_id, aggregate_type, expected, events, metadata, occurred_at, number)
    LEFT JOIN LATERAL (
        SELECT version, aggregate_type
        FROM intent.events
        WHERE tenant_id = given.tenant_id AND aggregate_id = given.aggregate_id
        ORDER BY version DESC
        LIMIT 1
    ) AS last ON true
),
stored AS (
    INSERT INTO intent.events (
        tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
        aggregate_type, event_type, payload, metadata
    )
    SELECT request.tenant_id, request.aggregate_id, event.id, request.actual + event.index, event.schema_version,
           request.now, coalesce(request.occurred_at, request.now), request.aggregate_type, event.type, event.payload,
           request.metadata
    FROM request
    JOIN unnest($9::bigint[], $10::bigint[], $11::uuid[], $12::text[], $13::bigint[], $14::json[])
        AS event (request, index, id, type, schema_version, payload) ON event.request = request.number
    WHERE coalesce(request.found = request.aggregate_type, true)
      AND CASE request.expected
          WHEN -1 THEN true               -- anything
          WHEN -2 THEN request.actual > 0 -- an existing stream
          ELSE request.expected = request.actual
          END
    ORDER BY request.number, event.index
    RETURNING tenant_id, aggregate_id, version, position
)
