SELECT max(position) FROM intent_events;
