-- INSERT OR REPLACE deletes without asking the trigger on deletion. A position that is not given is none yet, whatever
-- number stands for it here; the table takes only positive ones.
CREATE TRIGGER intent_events_never_replaced BEFORE INSERT ON intent_events
WHEN (new.position > 0 AND EXISTS (SELECT 1 FROM intent_events WHERE position = new.position))
  OR EXISTS (SELECT 1 FROM intent_events WHERE tenant_id = new.tenant_id AND event_id = new.event_id)
  OR EXISTS (
      SELECT 1 FROM intent_events
      WHERE tenant_id = new.tenant_id AND aggregate_id = new.aggregate_id AND version = new.version
  )
BEGIN
    SELECT raise(ABORT, 'intent_events is append-only');
END;
