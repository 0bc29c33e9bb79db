-- The snapshot of a stream after ?3 and up to ?4, with the stream's type. A snapshot beyond the end of its stream, as in a file that
-- was put together by hand, is ignored.
SELECT last.aggregate_type, kept.version, kept.schema_version, kept.state
FROM intent_snapshots AS kept
JOIN intent_events AS last ON last.position = (
    SELECT position FROM intent_events
    WHERE tenant_id = ?1 AND aggregate_id = ?2
    ORDER BY version DESC
    LIMIT 1
)
WHERE kept.tenant_id = ?1
  AND kept.aggregate_id = ?2
  AND kept.version > ?3
  AND kept.version <= min(?4, last.version);
