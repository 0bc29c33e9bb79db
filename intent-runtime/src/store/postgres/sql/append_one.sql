-- Appends one event to one stream and answers as `append.sql` does. It has no arrays to take apart and join, which cost the
-- server more than the insert itself. When it is answered, its event is on disk, whatever `synchronous_commit` the role has.
WITH setting AS MATERIALIZED (
    SELECT clock_timestamp() AS now,
           CASE WHEN set_config('intent.row_tenant', $1::uuid::text, true) IS NOT NULL THEN $1 END AS tenant_id,
           CASE WHEN $11 IS NOT NULL THEN set_config('lock_timeout', $11, true) END,
           CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END
),
request AS MATERIALIZED (
    SELECT setting.tenant_id, setting.now, coalesce(last.version, 0) AS actual, last.aggregate_type AS found,
           last.event_id AS last_event
    FROM setting
    LEFT JOIN LATERAL (
        SELECT version, aggregate_type, event_id
        FROM intent.events
        WHERE tenant_id = setting.tenant_id AND aggregate_id = $2
        ORDER BY version DESC
        LIMIT 1
    ) AS last ON true
),
stored AS (
    INSERT INTO intent.events (
        tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
        aggregate_type, event_type, payload, metadata, correlation_id
    )
    SELECT request.tenant_id, $2, $7, request.actual + 1, $9, request.now, coalesce($6, request.now),
           coalesce(request.found, $3), $8, $10, $5, $14
    FROM request
    WHERE (
              request.found IS NULL
           OR request.found = $3
           OR coalesce(request.found = ANY ($12::text[]), false)
          )
      AND CASE $4::bigint
          WHEN -1 THEN true               -- anything
          WHEN -2 THEN request.actual > 0 -- an existing stream
          ELSE request.actual = $4
          END
      AND ($13::uuid IS NULL OR coalesce(request.last_event = $13, false))
    RETURNING position
)
