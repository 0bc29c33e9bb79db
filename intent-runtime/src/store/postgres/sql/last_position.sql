-- The last position that was drawn, whether its event can be seen yet or not.
SELECT run.backend, run.checkpoint, CASE WHEN is_called THEN last_value ELSE 0 END
FROM run, intent.events_position_seq;
