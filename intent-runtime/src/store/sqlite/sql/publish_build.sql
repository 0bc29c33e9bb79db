-- The views show the build of the worker ?1.
UPDATE intent_workers SET published = 1, failure = NULL WHERE name = ?1;
