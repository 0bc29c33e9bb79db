-- The size of a page of a stream, without reading the overflow pages of large payloads.
SELECT count(*) AS events,
       coalesce(sum(octet_length(payload) + octet_length(metadata)), 0) AS bytes,
       (
           SELECT aggregate_type
           FROM intent_events
           WHERE tenant_id = ?1 AND aggregate_id = ?2
           ORDER BY version DESC
           LIMIT 1
       ) AS aggregate_type,
       (SELECT max(version) FROM intent_events WHERE tenant_id = ?1 AND aggregate_id = ?2) AS last
FROM intent_events
WHERE tenant_id = ?1 AND aggregate_id = ?2 AND version > ?3 AND version <= ?4;
