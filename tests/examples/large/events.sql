-- Stores the events of the planned streams in order of time, as the store writes them: an event of its own for each command,
-- ids of version 7, metadata with the fields that a dispatched command has. One command in ten belongs to a conversation of
-- five; the others begin their own.
INSERT INTO intent.events (
    tenant_id, aggregate_id, event_id, version, schema_version, recorded_at, occurred_at,
    aggregate_type, event_type, payload, metadata, correlation_id
)
SELECT tenant_id, aggregate_id, uuidv7(at - clock_timestamp()), version, 1, at, at, aggregate_type, event_type,
       CASE version
           WHEN 1 THEN '{"owner":"Ada Lovelace"}'
           ELSE '{"amount":1,"txn":"11111111-0000-4000-8000-' || lpad(to_hex(version), 12, '0') || '"}'
       END::json,
       (
           '{"actor":"ada","role":"teller",'
           || CASE number % 10 WHEN 0 THEN '"correlation_id":"' || conversation || '",' ELSE '' END
           || '"command":"' || command || '","command_id":"' || command_id || '","source":"counter"}'
       )::json,
       CASE number % 10 WHEN 0 THEN conversation END
FROM (
    SELECT *, uuidv7(at - clock_timestamp()) AS command_id,
           (lpad(to_hex(number / 50), 12, '0') || '70008000000000000000')::uuid AS conversation,
           CASE WHEN version = 1 THEN 'Opened' WHEN version % 3 = 0 THEN 'Withdrawn' ELSE 'Deposited' END AS event_type,
           CASE WHEN version = 1 THEN 'Open' WHEN version % 3 = 0 THEN 'Withdraw' ELSE 'Deposit' END AS command
    FROM (
        SELECT tenant_id, aggregate_id, aggregate_type, version, at, row_number() OVER (ORDER BY at) AS number
        FROM public.streams
        CROSS JOIN LATERAL generate_series(1, events) AS version
        CROSS JOIN LATERAL (SELECT begins + lasts * (version - 1) / events AS at OFFSET 0) AS time
        ORDER BY at
        OFFSET 0
    ) AS ordered
    OFFSET 0
) AS event;
