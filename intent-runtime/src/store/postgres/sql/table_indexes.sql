-- The indexes of a table of read models: the name of each, its columns, whether it keeps values apart, whether it leaves rows out, and
-- whether it is that of the primary key.
SELECT index.relname::text,
       ARRAY(
           SELECT coalesce(attname::text, '')
           FROM unnest(indkey) WITH ORDINALITY AS part (attnum, place)
           LEFT JOIN pg_attribute ON attrelid = indrelid AND pg_attribute.attnum = part.attnum
           ORDER BY place
       ),
       indisunique, indpred IS NOT NULL, indisprimary
FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
WHERE indrelid = to_regclass('intent_read.' || quote_ident($1)) AND indisvalid
ORDER BY index.relname;
