    -- What the limit takes beyond the page goes below. With the page's end in here, a server that knows nothing of the table yet
    -- would sort its events.
    ORDER BY position
    LIMIT setting.count
) AS event
WHERE event.position <= setting.upto
  AND (setting.everything
       OR (setting.any_name
           OR event.aggregate_type = ANY (setting.aggregate_types)
           OR event.event_type = ANY (setting.event_types)
           OR event.aggregate_type || chr(31) || event.event_type = ANY (setting.pairs))
          AND (setting.aggregate_ids = '{}' OR event.aggregate_id = ANY (setting.aggregate_ids)));
