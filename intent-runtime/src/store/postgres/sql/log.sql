-- What is committed behind a position, of all tenants: positions and sizes, as stored, of the next events. It tells
-- nothing else of them, so every role may ask; a reader of one tenant learns from it where no event is missing.
CREATE FUNCTION intent.log_ahead(
    after bigint, count bigint, OUT positions bigint[], OUT sizes integer[], OUT last_drawn bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
AS $$
DECLARE
    before text := current_setting('intent.all_tenants', true);
BEGIN
    PERFORM set_config('intent.all_tenants', 'on', true);
    SELECT coalesce(array_agg(ahead.position), '{}'), coalesce(array_agg(ahead.size), '{}')
    INTO positions, sizes
    FROM (
        SELECT position, pg_column_size(payload) + pg_column_size(metadata) AS size
        FROM intent.events
        WHERE position > after
        ORDER BY position
        LIMIT count
    ) AS ahead;
    PERFORM set_config('intent.all_tenants', coalesce(before, ''), true);
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO last_drawn FROM intent.events_position_seq;
END
$$;
