-- Whoever writes in our transaction finds names as outside of it. Returns how they were found before.
SELECT pg_catalog.current_setting('search_path'),
       pg_catalog.set_config('search_path', pg_catalog.regexp_replace(
           pg_catalog.current_setting('search_path'), '^pg_catalog, (.*), pg_temp$', '\1'
       ), true);
