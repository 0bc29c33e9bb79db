-- The events of some aggregates, by the keys of their streams: in one tenant, or in each tenant that has such a stream. A
-- stream's positions grow with its versions, so halving finds its last version at or before a position.
too_many AS MATERIALIZED (SELECT WHERE false),
named AS MATERIALIZED (
    SELECT DISTINCT found.tenant_id, one.id
    FROM setting
    CROSS JOIN unnest(setting.aggregate_ids) AS one (id)
    CROSS JOIN LATERAL (
        SELECT tenant_id
        FROM intent.events
        WHERE (setting.tenant IS NULL OR tenant_id = setting.tenant)
          AND aggregate_id = one.id
          AND version = 1
        OFFSET 0
    ) AS found
),
stream AS MATERIALIZED (
    SELECT named.tenant_id, named.id, start.version AS after_version
    FROM setting
    CROSS JOIN named
    CROSS JOIN LATERAL (
        WITH RECURSIVE bounds (low, high) AS (
            SELECT 0::bigint, last.version + 1
            FROM (
                SELECT version
                FROM intent.events
                WHERE tenant_id = named.tenant_id
                  AND aggregate_id = named.id
                ORDER BY version DESC
                LIMIT 1
            ) AS last
            UNION ALL
            SELECT CASE WHEN behind THEN low ELSE middle END, CASE WHEN behind THEN middle ELSE high END
            FROM bounds
            CROSS JOIN LATERAL (SELECT (low + high) / 2 AS middle OFFSET 0) AS half
            CROSS JOIN LATERAL (
                SELECT position > setting.after AS behind
                FROM intent.events
                WHERE tenant_id = named.tenant_id
                  AND aggregate_id = named.id
                  AND version = middle
                LIMIT 1
            ) AS found
            WHERE high - low > 1
        )
        SELECT low AS version FROM bounds WHERE high - low <= 1
    ) AS start
),
own AS MATERIALIZED (
    SELECT stream.tenant_id, stream.id AS aggregate_id, event.version, event.position, event.size
    FROM setting
    CROSS JOIN stream
    CROSS JOIN LATERAL (
        SELECT version, position,
               CASE WHEN $4 IS NOT NULL THEN pg_column_size(payload) + pg_column_size(metadata) END AS size
        FROM intent.events
        WHERE tenant_id = stream.tenant_id
          AND aggregate_id = stream.id
          AND version > stream.after_version
          AND position <= setting.upto
        ORDER BY version
        LIMIT $3
    ) AS event
    ORDER BY event.position
    LIMIT $3
),
