-- One step back from ?1: it looks at the ?2 events there and before, and returns the wanted ones, the newest first: ?11 at
-- most, up to the one with which they have ?12 bytes. Each row, and a single row if none is wanted, says how many events it
-- looked at, the position of the oldest of them, and how many are wanted. Wanted are events of a tenant (?3), with names (?4 to
-- ?7) and of aggregates (?8) as in `read_log.sql`, with ?9 or a backslash in their metadata, and with the text ?10. NULL stands
-- for any.
WITH step AS MATERIALIZED (
    SELECT position,
           (?3 IS NULL OR tenant_id = ?3)
           AND (?4
                OR aggregate_type IN (SELECT value FROM json_each(?5))
                OR event_type IN (SELECT value FROM json_each(?6))
                OR aggregate_type || char(31) || event_type IN (SELECT value FROM json_each(?7)))
           AND (?8 IS NULL OR hex(aggregate_id) IN (SELECT value FROM json_each(?8)))
           AND (?9 IS NULL OR instr(metadata, ?9) > 0 OR instr(metadata, char(92)) > 0)
           AND (?10 IS NULL OR instr(lower(payload), ?10) > 0 OR instr(lower(metadata), ?10) > 0) AS wanted
    FROM intent_events
    WHERE position <= ?1
