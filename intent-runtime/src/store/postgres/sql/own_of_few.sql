-- The default tenant's events, if they are few among many others: all of them by their key, if there are no more than 5,000.
-- The default tenant has no index by position, which would cost every program with one tenant. `position + 0` keeps the
-- statement off the index of all positions.
too_many AS MATERIALIZED (
    SELECT
    FROM setting
    CROSS JOIN LATERAL (SELECT FROM intent.events WHERE tenant_id = setting.tenant OFFSET 5000 LIMIT 1) AS event
),
own AS MATERIALIZED (
    SELECT event.*
    FROM setting
    CROSS JOIN LATERAL (
        SELECT tenant_id, aggregate_id, version, position,
               CASE WHEN $4 IS NOT NULL THEN pg_column_size(payload) + pg_column_size(metadata) END AS size
        FROM intent.events
        WHERE tenant_id = setting.tenant
          AND position + 0 > setting.after
          AND position + 0 <= setting.upto
          AND (setting.aggregate_ids = '{}' OR aggregate_id = ANY (setting.aggregate_ids))
        ORDER BY position + 0
        LIMIT $3
    ) AS event
    WHERE NOT EXISTS (SELECT FROM too_many)
),
