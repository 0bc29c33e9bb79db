-- The columns of a table of read models, in their order, each with its type and whether it may be empty.
SELECT attname::text, format_type(atttypid, atttypmod), NOT attnotnull
FROM pg_attribute
WHERE attrelid = to_regclass('intent_read.' || quote_ident($1)) AND attnum > 0 AND NOT attisdropped
ORDER BY attnum;
