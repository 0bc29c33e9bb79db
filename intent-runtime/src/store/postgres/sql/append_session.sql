-- Statements with arrays never settle on one plan by themselves, and a plan each time costs more than the rest.
SET plan_cache_mode = force_generic_plan;
-- All is found by key, however small the tables were when it was planned, and of a long stream only its end.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
-- The statement sets its own; but a wait for the table, as behind a migration, comes before it can.
SET lock_timeout = '500ms';
