-- One step back from position $2: it looks at the $3 events there and before, and returns the wanted ones, the newest first,
-- $11 at most, and no further than the one with which they have $12 bytes. The first row says how many events it looked at, the
-- position of the oldest of them, how many are wanted, and the last position that was drawn. Wanted are events of a tenant ($1), with names ($4 to $7) and of aggregates ($8) as in `read_log.sql`, with $9 or
-- a backslash in their metadata, and with the text $10. NULL stands for any. In the collation "C" the lower case is that of A
-- to Z only, as on every store.
WITH setting AS MATERIALIZED (
    SELECT set_config('intent.tenant', coalesce($1::uuid::text, ''), true),
           set_config('intent.all_tenants', CASE WHEN $1 IS NULL THEN 'on' ELSE '' END, true),
           $1::uuid AS tenant, $2::bigint AS upto, $3::bigint AS count,
           $4::boolean AS any_name, $5::text[] AS aggregate_types, $6::text[] AS event_types, $7::text[] AS pairs,
           $8::uuid[] AS aggregate_ids, $9::text AS actor, $10::text AS text, $11::bigint AS wanted
),
step AS MATERIALIZED (
    SELECT event.*
    FROM setting
    CROSS JOIN LATERAL (
        SELECT position,
               (setting.tenant IS NULL OR tenant_id = setting.tenant)
               AND (setting.any_name
                    OR aggregate_type = ANY (setting.aggregate_types)
                    OR event_type = ANY (setting.event_types)
                    OR aggregate_type || chr(31) || event_type = ANY (setting.pairs))
               AND (setting.aggregate_ids = '{}' OR aggregate_id = ANY (setting.aggregate_ids))
               AND (setting.actor IS NULL
                    OR strpos(metadata::text, setting.actor) > 0
                    OR strpos(metadata::text, chr(92)) > 0)
               AND (setting.text IS NULL
                    OR strpos(lower(payload::text COLLATE "C"), setting.text) > 0
                    OR strpos(lower(metadata::text COLLATE "C"), setting.text) > 0) AS wanted
        FROM intent.events
