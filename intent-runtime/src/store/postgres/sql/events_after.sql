-- How many events of all tenants are after the position $1, counted to $2.
WITH setting AS MATERIALIZED (SELECT set_config('intent.all_tenants', 'on', true) AS is_set)
SELECT count(*)
FROM setting CROSS JOIN LATERAL (
    SELECT position FROM intent.events WHERE setting.is_set IS NOT NULL AND position > $1 ORDER BY position LIMIT $2
) AS event;
