CREATE TRIGGER intent_events_never_vanish BEFORE DELETE ON intent_events
BEGIN
    SELECT raise(ABORT, 'intent_events is append-only');
END;
