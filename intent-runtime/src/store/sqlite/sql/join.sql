-- Takes the write lock for a transaction of the user's. Then it returns which store the transaction is in: the file, the
-- store's id, and a temporary table or trigger of the user's that would hide ours. If the lock is taken before anything is
-- read, SQLite waits for it, and what is read then is the newest.
UPDATE intent_store SET id = id WHERE FALSE;
SELECT coalesce((SELECT file FROM pragma_database_list WHERE name = 'main'), '') AS file,
       (SELECT id FROM main.intent_store) AS id,
       (
           SELECT name
           FROM sqlite_temp_schema
           WHERE lower(tbl_name) IN ('intent_events', 'intent_snapshots', 'intent_store')
           LIMIT 1
       ) AS hidden_by;
