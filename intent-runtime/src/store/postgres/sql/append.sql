-- Appends a batch: requests ($2 to $9) and their events ($10 to $15). Requests whose stream is as expected are stored;
-- every request is answered with the version and the type that its stream had, and where its last event went. The
-- unique keys decide what this statement could not see. A stream keeps the name of its type that it was begun under. Streams and events come in order of key.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenants', $1, true), clock_timestamp() AS now
),
request AS MATERIALIZED (
    SELECT given.*, setting.now, coalesce(last.version, 0) AS actual, last.aggregate_type AS found
    FROM setting
    CROSS JOIN unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::json[], $8::timestamptz[],
                      $9::text[])
        WITH ORDINALITY
        AS given (tenant_id, aggregate_id, aggregate_type, expected, events, metadata, occurred_at, former_names, number)
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
           request.now, coalesce(request.occurred_at, request.now), coalesce(request.found, request.aggregate_type),
           event.type, event.payload, request.metadata
    FROM request
    JOIN unnest($10::bigint[], $11::bigint[], $12::uuid[], $13::text[], $14::bigint[], $15::json[])
        AS event (request, index, id, type, schema_version, payload) ON event.request = request.number
    WHERE (
              request.found IS NULL
           OR request.found = request.aggregate_type
           OR coalesce(request.found = ANY (string_to_array(request.former_names, chr(31))), false)
          )
      AND CASE request.expected
          WHEN -1 THEN true               -- anything
          WHEN -2 THEN request.actual > 0 -- an existing stream
          ELSE request.expected = request.actual
          END
    ORDER BY request.number, event.index
    RETURNING tenant_id, aggregate_id, version, position
)
