-- Whether this statement bears another name at the server than the one that its client gave it.
SELECT coalesce(bool_and(name NOT LIKE 'sqlx\_s\_%'), false)
FROM pg_prepared_statements
WHERE statement LIKE '%bears another name at the server than%';
