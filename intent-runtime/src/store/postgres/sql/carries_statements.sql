-- Whether the server knows this statement by another name than its client does.
SELECT coalesce(bool_and(name NOT LIKE 'sqlx\_s\_%'), false)
FROM pg_prepared_statements
WHERE statement LIKE '%bears another name at the server than%';
