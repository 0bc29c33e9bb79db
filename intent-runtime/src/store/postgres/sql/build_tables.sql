-- The tables whose name begins with $1.
SELECT relname::text
FROM pg_class
WHERE relnamespace = to_regnamespace('intent_read') AND relkind = 'r' AND left(relname::text, length($1)) = $1;
