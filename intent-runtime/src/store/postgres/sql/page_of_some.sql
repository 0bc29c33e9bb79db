-- Where the page ends, if that is before the end of what may be read: after so many events or, unless $4 is NULL, so many bytes.
page AS MATERIALIZED (
    SELECT setting.*, full_at.position AS full_at, least(setting.upto, full_at.position) AS to_position
    FROM setting
    CROSS JOIN (
        SELECT CASE
            WHEN $4 IS NULL THEN (SELECT CASE WHEN count(*) >= $3 THEN max(position) END FROM own)
            ELSE (
                SELECT CASE
                    WHEN count(*) >= $3 OR max(position) > max(position) FILTER (WHERE number = 1 OR total <= $4)
                    THEN max(position) FILTER (WHERE number = 1 OR total <= $4)
                END
                FROM (
                    SELECT position, row_number() OVER up_to_it AS number, sum(size) OVER up_to_it AS total
                    FROM own
                    WINDOW up_to_it AS (ORDER BY position ROWS UNBOUNDED PRECEDING)
                ) AS counted
            )
        END AS position
    ) AS full_at
)
SELECT ARRAY[dense, reached, coalesce(full_at, 9223372036854775807), newest, last_drawn, complete::int,
             pg_is_in_recovery()::int, (SELECT count(*) FROM too_many)]::bigint[] AS ahead,
       NULL::uuid AS tenant_id, NULL::uuid AS aggregate_id, NULL::bigint AS version,
       CASE WHEN dense < newest THEN (SELECT checkpoint FROM run) END AS aggregate_type, NULL::bigint AS position,
       NULL::uuid AS event_id, NULL::text AS event_type, NULL::bigint AS schema_version, NULL::timestamptz AS recorded_at,
       NULL::json AS payload, NULL::json AS metadata, NULL::timestamptz AS occurred_at
FROM ahead, page
UNION ALL
