-- The streams of some aggregates (?8), in a tenant (?3) or in all, each with its last version at or before position ?1. A
-- stream's positions grow with its versions, so halving finds that version. Lists are JSON, ids in them hexadecimal digits.
WITH RECURSIVE bounds (tenant_id, aggregate_id, low, high) AS (
    SELECT first.tenant_id, first.aggregate_id, 0, 1 + (
        SELECT max(version)
        FROM intent_events AS last
        WHERE last.tenant_id = first.tenant_id AND last.aggregate_id = first.aggregate_id
    )
    FROM intent_events AS first
    WHERE first.aggregate_id IN (SELECT unhex(value) FROM json_each(?8))
      AND first.version = 1
      AND (?3 IS NULL OR first.tenant_id = ?3)
    UNION ALL
    SELECT bounds.tenant_id, bounds.aggregate_id,
           CASE WHEN event.position > ?1 THEN low ELSE event.version END,
           CASE WHEN event.position > ?1 THEN event.version ELSE high END
    FROM bounds
    CROSS JOIN intent_events AS event
        ON event.tenant_id = bounds.tenant_id
       AND event.aggregate_id = bounds.aggregate_id
       AND event.version = (low + high) / 2
    WHERE high - low > 1
),
stream AS MATERIALIZED (SELECT tenant_id, aggregate_id, low AS after FROM bounds WHERE high - low <= 1)
