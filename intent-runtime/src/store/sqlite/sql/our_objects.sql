-- The objects under our names, in any spelling: SQLite ignores case in names.
SELECT lower(name) AS name
FROM sqlite_schema
WHERE lower(name) IN (
    'intent_events', 'intent_snapshots', 'intent_migrations', 'intent_store',
    'intent_events_tenant', 'intent_events_aggregate', 'intent_events_streams', 'intent_events_correlation',
    'intent_events_never_change',
    'intent_events_never_replaced', 'intent_events_never_vanish'
)
ORDER BY name;
