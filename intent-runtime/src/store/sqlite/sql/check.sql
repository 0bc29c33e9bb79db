-- Returns what is stored for the appends of a whole batch: a list of [number, version of the stream, its aggregate type, its
-- last event, the aggregate that the command was stored for, that aggregate's type]. Appends for which nothing is stored are
-- left out. ?1 holds 48 bytes for each append: the ids of the tenant, of the aggregate and of the first event. So one constant
-- text serves batches of any size. One row for all of them costs one trip back.
WITH RECURSIVE request (number) AS (
    VALUES (0)
    UNION ALL
    SELECT number + 1 FROM request WHERE number + 1 < length(?1) / 48
)
SELECT json_group_array(
    json_array(
        request.number,
        last.version,
        last.aggregate_type,
        nullif(hex(last.event_id), ''),
        nullif(hex(seen.aggregate_id), ''),
        seen.aggregate_type
    )
)
FROM request
LEFT JOIN intent_events AS last ON last.position = (
    SELECT position
    FROM intent_events
    WHERE tenant_id = substr(?1, number * 48 + 1, 16)
      AND aggregate_id = substr(?1, number * 48 + 17, 16)
    ORDER BY version DESC
    LIMIT 1
)
LEFT JOIN intent_events AS seen
    ON seen.tenant_id = substr(?1, number * 48 + 1, 16)
   AND seen.event_id = substr(?1, number * 48 + 33, 16)
WHERE last.position IS NOT NULL OR seen.position IS NOT NULL;
