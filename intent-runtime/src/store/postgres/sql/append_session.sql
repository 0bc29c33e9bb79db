-- The server never keeps one plan for statements with arrays by itself, and planning costs more than running them.
SET plan_cache_mode = force_generic_plan;
-- Rows are found by key, even if the tables were small when the plan was made, and only the end of a long stream is read.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
-- The statement sets its own limit. A wait for the table itself, as during a migration, comes before the statement can.
SET lock_timeout = '500ms';
