-- What is committed behind a position, of all tenants: how far the next `count` events reach. `dense` ends those that follow
-- each other without a gap, `settled` those up to the position `settled_to`, `fits` those that have no more than `bytes` as
-- they are stored, or is the first; `last` is the last of all, `complete` whether that was as many as asked for. Each is the
-- position of an event, or `after` where there is none. It tells nothing else of events, so every role may ask; a reader of
-- one tenant learns from it where no event is missing. STABLE, so that it sees what the statement that asks sees: with a
-- newer snapshot it would tell of events that the statement then misses. Names are looked up in `pg_temp` last, which is first
-- where it is not named: what the caller has there would run as the owner. Planned once, and as if the table were large:
-- with the position in sight it would be planned anew each time, which takes longer than to look.
CREATE FUNCTION intent.log_ahead(
    after bigint, count bigint, bytes bigint, settled_to bigint,
    OUT dense bigint, OUT settled bigint, OUT fits bigint, OUT last bigint, OUT complete boolean, OUT last_drawn bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    before text := coalesce(current_setting('intent.all_tenants', true), '');
    setting text;
    drawn bigint := pg_sequence_last_value('intent.events_position_seq');
    seen bigint;
    size bigint;
BEGIN
    last_drawn := coalesce(drawn, 0);
    dense := after;
    settled := after;
    fits := after;
    last := after;
    complete := false;
    -- What is seen was drawn before. Where nothing was drawn and yet events are there, as in a logical replica, they are told.
    IF drawn <= after THEN
        RETURN;
    END IF;
    setting := set_config('intent.all_tenants', 'on', true);
    SELECT pg_catalog.count(*), coalesce(max(ahead.position), after), coalesce(sum(ahead.size), 0)
    INTO seen, last, size
    FROM (
        SELECT position, pg_column_size(payload) + pg_column_size(metadata) AS size
        FROM intent.events
        WHERE position > after
        ORDER BY position
        LIMIT count
    ) AS ahead;
    dense := last;
    settled := last;
    fits := last;
    -- Seldom: at a gap, or where events are large.
    IF last > after + seen OR size > bytes THEN
        SELECT coalesce(max(ahead.position) FILTER (WHERE ahead.position = after + ahead.number), after),
               coalesce(max(ahead.position) FILTER (WHERE ahead.position <= settled_to), after),
               max(ahead.position) FILTER (WHERE ahead.number = 1 OR ahead.total <= bytes)
        INTO dense, settled, fits
        FROM (
            SELECT position, row_number() OVER up_to_it AS number,
                   sum(pg_column_size(payload) + pg_column_size(metadata)) OVER up_to_it AS total
            FROM intent.events
            WHERE position > after
            WINDOW up_to_it AS (ORDER BY position ROWS UNBOUNDED PRECEDING)
            ORDER BY position
            LIMIT count
        ) AS ahead;
    END IF;
    complete := seen >= count;
    setting := set_config('intent.all_tenants', before, true);
END
$$;
