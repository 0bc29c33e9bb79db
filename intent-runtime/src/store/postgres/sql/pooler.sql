-- Whether what a connection was opened with has reached the server, and whether statements are planned once there.
SELECT coalesce(current_setting('intent.direct', true), '') = 'on',
       current_setting('plan_cache_mode') = 'force_generic_plan';
