-- Appends a batch: requests ($1 to $8, $16), all of one tenant ($17) or of several when that is NULL, and their events ($9
-- to $14), waiting for the rows of others for $15 milliseconds, or as long as is set when it is NULL. Requests whose stream
-- is as expected are stored; every request is answered with the version and the type that its stream had, and where its
-- last event went. The unique keys decide what this statement could not see. A stream keeps the name of its type that it
-- was begun under. Streams and events come in order of key. Each request and each row names its own tenant before it meets
-- the row policies, or all do at once. What is answered is on disk, whatever the role is set to.
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
                      $8::text[], $16::uuid[])
        WITH ORDINALITY
        AS given (tenant_id, aggregate_id, aggregate_type, expected, events, metadata, occurred_at, former_names,
                  expected_last, number)
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
    -- Seldom: where a stream ends before what is expected. Looked for at once, its end would cost a look at all versions
    -- that share its page.
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
        aggregate_type, event_type, payload, metadata
    )
    SELECT CASE
               WHEN $17 IS NOT NULL OR set_config('intent.row_tenant', given.tenant_id::text, true) IS NOT NULL
               THEN given.tenant_id
           END,
           given.aggregate_id, given.id, given.version, given.schema_version, given.now, given.occurred_at,
           given.aggregate_type, given.type, given.payload, given.metadata
    FROM (
        SELECT request.tenant_id, request.aggregate_id, event.id, request.actual + event.index AS version,
               event.schema_version, request.now, coalesce(request.occurred_at, request.now) AS occurred_at,
               coalesce(request.found, request.aggregate_type) AS aggregate_type, event.type, event.payload, request.metadata
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
