-- Notes the names ?2 of the events that the worker ?1 hears, if those noted before are ?3.
INSERT INTO intent_workers (name, heard) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET heard = ?2 WHERE heard IS ?3;
