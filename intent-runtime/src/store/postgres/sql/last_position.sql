-- The last position that was drawn, whether its event can be seen yet or not.
SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM intent.events_position_seq;
