-- Plans the streams of a log with $1 events. Tenant 1 has most of them: one stream of a fiftieth of all, and small ones. Of
-- the other tenants, of whom there is one for 5,000 events and at least 20, nine in ten have 500 events and the rest 5,000, in
-- small streams alone. Small streams have 5 to 50 events. The tenant with the number $2 is the default one.
INSERT INTO public.streams (tenant_id, tenant_events, aggregate_id, aggregate_type, events, begins, lasts)
WITH tenant AS (
    SELECT number,
           CASE number
               WHEN $2::bigint THEN '00000000-0000-0000-0000-000000000000'
               ELSE uuidv7(interval '-400 days')
           END AS tenant_id,
           CASE WHEN number = 1 THEN NULL WHEN number % 10 = 0 THEN 5000 ELSE 500 END AS events
    FROM generate_series(1, greatest($1::bigint / 5000, 20)) AS number
),
-- What a tenant's small streams share.
sized AS (
    SELECT number, tenant_id, coalesce(events, $1 - $1 / 50 - (SELECT sum(events) FROM tenant)) AS events FROM tenant
),
stream AS (
    SELECT sized.tenant_id, sized.events AS tenant_events,
           least(shape.size, sized.events - 275 * cycle - shape.before) AS events,
           random() AS begins, 0.05 * random() AS lasts
    FROM sized
    CROSS JOIN LATERAL generate_series(0, sized.events::bigint / 275) AS cycle
    CROSS JOIN (
        VALUES (0, 5), (5, 40), (45, 25), (70, 10), (80, 45), (125, 30), (155, 15), (170, 50), (220, 35), (255, 20)
    ) AS shape (before, size)
    WHERE 275 * cycle + shape.before < sized.events
    UNION ALL
    SELECT tenant_id, events, $1 / 50, 0, 1 FROM sized WHERE number = 1
)
SELECT tenant_id, tenant_events, uuidv7(began - clock_timestamp()),
       CASE WHEN random() < 0.02 AND lasts < 1 THEN 'Customer' ELSE 'Account' END,
       events, began, lasts * interval '300 days'
FROM stream
CROSS JOIN LATERAL (
    SELECT timestamptz '2026-01-15' + begins * (1 - lasts) * interval '300 days' AS began OFFSET 0
) AS time;
