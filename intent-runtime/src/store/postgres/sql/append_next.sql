-- Appends one event after the last one that its stream is expected to have. Does what `append_one.sql` does, but returns no row
-- if the stream ends otherwise. A lone writer sends this statement most of the time, so it has the fewest steps. It names its
-- tenant where the search begins, before the row policies look at the rows found.
INSERT INTO intent.events (
    tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
    aggregate_type, event_type, payload, metadata, correlation_id
)
SELECT $1, $2, $7, last.version + 1, $9, statement_timestamp(), coalesce($6, statement_timestamp()),
       last.aggregate_type, $8, $10, $5, $14
FROM (
    SELECT version, aggregate_type, event_id
    FROM intent.events
    WHERE tenant_id = (
              SELECT CASE
                  WHEN ($11::text IS NULL OR set_config('lock_timeout', $11, true) IS NOT NULL)
                   AND (current_setting('synchronous_commit') <> 'off' OR set_config('synchronous_commit', 'on', true) IS NOT NULL)
                   AND set_config('intent.row_tenant', $1::uuid::text, true) IS NOT NULL
                  THEN $1
              END
          )
      AND aggregate_id = $2
      AND version >= $4::bigint
    ORDER BY version DESC
    LIMIT 1
) AS last
WHERE last.version = $4
  AND (last.aggregate_type = $3 OR last.aggregate_type = ANY ($12::text[]))
  AND ($13::uuid IS NULL OR last.event_id = $13)
RETURNING version, position, recorded_at;
