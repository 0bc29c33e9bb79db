  AND position > ?1
  AND position <= ?2
  AND (?4
       OR aggregate_type IN (SELECT value FROM json_each(?5))
       OR event_type IN (SELECT value FROM json_each(?6))
       OR aggregate_type || char(31) || event_type IN (SELECT value FROM json_each(?7)))
  AND (?8 IS NULL OR hex(aggregate_id) IN (SELECT value FROM json_each(?8)))
ORDER BY position;
