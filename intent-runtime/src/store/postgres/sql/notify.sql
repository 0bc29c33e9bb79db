-- NOTIFY is a transaction, and the server would flush it to disk between those of the appends. If a crash loses it, nothing is lost:
-- readers also poll.
SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '');
