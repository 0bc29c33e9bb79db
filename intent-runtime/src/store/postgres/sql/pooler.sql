-- Whether the server got the setting that the connection was opened with, and whether it plans statements once.
SELECT coalesce(current_setting('intent.direct', true), '') = 'on',
       current_setting('plan_cache_mode') = 'force_generic_plan';
