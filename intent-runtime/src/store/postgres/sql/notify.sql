-- NOTIFY is a transaction that the server would wait for the disk with, beside those of the appends. Nothing is lost
-- when this one is: readers look for themselves too.
SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '');
