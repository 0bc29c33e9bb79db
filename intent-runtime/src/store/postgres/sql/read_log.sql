-- Wanted events after position $2 up to $3, in order: of these types of aggregates ($4), kinds of events ($5) and
-- aggregates ($6), each empty for any.
SELECT event.*
FROM setting
CROSS JOIN LATERAL (
    SELECT position, tenant_id, aggregate_id, aggregate_type, version, event_id, event_type, schema_version, recorded_at,
           payload, metadata
    FROM intent.events
    WHERE position > setting.after
      AND position <= $3
      AND ($1 IS NULL OR tenant_id = $1)
      AND (cardinality($4::text[]) = 0 OR aggregate_type = ANY ($4))
      AND (cardinality($5::text[]) = 0 OR event_type = ANY ($5))
      AND (cardinality($6::uuid[]) = 0 OR aggregate_id = ANY ($6))
    ORDER BY position
    LIMIT 9223372036854775807
) AS event;
