-- Appends a batch: requests ($1 to $8, $16, $18) and their events ($9 to $14). $17 is the tenant of all requests, or NULL if they
-- are of several. $15 says for how many milliseconds to wait for another transaction's rows; with NULL, the session's setting
-- counts. Stores the requests whose stream is as expected. The answer has a row for each request: the version and the type that
-- its stream had, and the position of its last event. If this statement cannot see what another one stores, the unique keys
-- decide. A stream keeps the name of its type from when it was begun. Streams and events are stored in order of key. Each
-- request and each row names its own tenant before the row policies look at it, or $17 names one for all. When the statement is
-- answered, its events are on disk, whatever `synchronous_commit` the role has.
WITH request AS MATERIALIZED (
    SELECT given.*, clock.now, coalesce(last.version, short.version, 0) AS actual,
           coalesce(last.aggregate_type, short.aggregate_type) AS found, last.event_id AS last_event
    FROM (
        SELECT clock_timestamp() AS now,
               CASE
                   WHEN $17::uuid IS NULL THEN false
                   ELSE set_config('intent.tenant', $17::text, true) = set_config('intent.append_tenant', $17::text, true)
               END AS one_tenant,
               CASE WHEN $15 IS NOT NULL THEN set_config('lock_timeout', $15, true) END,
               CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END
        OFFSET 0
    ) AS clock
    CROSS JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::json[], $7::timestamptz[],
                      $8::text[], $16::uuid[], $18::uuid[])
        WITH ORDINALITY
        AS given (tenant_id, aggregate_id, aggregate_type, expected, events, metadata, occurred_at, former_names,
                  expected_last, correlation_id, number)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN clock.one_tenant OR set_config('intent.row_tenant', given.tenant_id::text, true) IS NOT NULL
            THEN given.tenant_id
        END AS tenant_id
        OFFSET 0
    ) AS setting
    LEFT JOIN LATERAL (
        SELECT version, aggregate_type, event_id
        FROM intent.events
        WHERE tenant_id = setting.tenant_id AND aggregate_id = given.aggregate_id AND version >= given.expected
        ORDER BY version DESC
        LIMIT 1
    ) AS last ON true
    -- Rarely needed: the stream ends before the expected version. Searching for its end at once would make the server look at
    -- all versions on the same page of the index.
    LEFT JOIN LATERAL (
        SELECT version, aggregate_type
        FROM intent.events
        WHERE last.version IS NULL
          AND given.expected > 0
          AND tenant_id = setting.tenant_id
          AND aggregate_id = given.aggregate_id
        ORDER BY version DESC
        LIMIT 1
    ) AS short ON true
),
stored AS (
    INSERT INTO intent.events (
        tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
        aggregate_type, event_type, payload, metadata, correlation_id
    )
    SELECT CASE
               WHEN $17 IS NOT NULL OR set_config('intent.row_tenant', given.tenant_id::text, true) IS NOT NULL
               THEN given.tenant_id
           END,
           given.aggregate_id, given.id, given.version, given.schema_version, given.now, given.occurred_at,
           given.aggregate_type, given.type, given.payload, given.metadata, given.correlation_id
    FROM (
        SELECT request.tenant_id, request.aggregate_id, event.id, request.actual + event.index AS version,
               event.schema_version, request.now, coalesce(request.occurred_at, request.now) AS occurred_at,
               coalesce(request.found, request.aggregate_type) AS aggregate_type, event.type, event.payload, request.metadata,
               request.correlation_id
        FROM request
        JOIN unnest($9::bigint[], $10::bigint[], $11::uuid[], $12::text[], $13::bigint[], $14::json[])
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
          AND (request.expected_last IS NULL OR coalesce(request.last_event = request.expected_last, false))
        ORDER BY request.number, event.index
    ) AS given
    RETURNING tenant_id, aggregate_id, version, position
)
