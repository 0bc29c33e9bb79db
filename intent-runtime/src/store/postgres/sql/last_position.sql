-- The last position that was drawn, whether or not its event can be seen yet.
SELECT run.backend, run.checkpoint, CASE WHEN is_called THEN last_value ELSE 0 END
FROM run, intent.events_position_seq;
