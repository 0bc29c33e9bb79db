-- A tenant's events, by the index of all tenants except the default one. A generic plan does not know that this is another
-- tenant, so the statement says it.
too_many AS MATERIALIZED (SELECT WHERE false),
own AS MATERIALIZED (
    SELECT event.*
    FROM setting
    CROSS JOIN LATERAL (
        SELECT position, pg_column_size(payload) + pg_column_size(metadata) AS size
        FROM intent.events
        WHERE tenant_id = setting.tenant
          AND tenant_id <> '00000000-0000-0000-0000-000000000000'
          AND position > setting.after
          AND position <= setting.upto
        ORDER BY position
        LIMIT $3
    ) AS event
),
