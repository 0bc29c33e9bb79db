-- The file of the database; empty for one in memory.
SELECT coalesce(file, '') FROM pragma_database_list WHERE name = 'main';
