-- The statement that made the view ?1, if it is there.
SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?1;
