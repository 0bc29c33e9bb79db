-- A tenant's events, by the index of all tenants except the default one, whose order is `greatest(position, 0)`. A generic plan
-- does not know that this is another tenant, so the statement says it. The rows are read once, whole.
too_many AS MATERIALIZED (SELECT WHERE false),
own AS MATERIALIZED (
    SELECT event.*
    FROM setting
    CROSS JOIN LATERAL (
        SELECT tenant_id, aggregate_id, version, aggregate_type, position, event_id, event_type, schema_version, recorded_at,
               payload, metadata, occurred_at,
               CASE WHEN $4 IS NOT NULL THEN pg_column_size(payload) + pg_column_size(metadata) END AS size
        FROM intent.events
        WHERE tenant_id = setting.tenant
          AND tenant_id <> '00000000-0000-0000-0000-000000000000'
          AND greatest(position, 0) > setting.after
          AND greatest(position, 0) <= setting.upto
        ORDER BY greatest(position, 0)
        LIMIT $3
    ) AS event
),
