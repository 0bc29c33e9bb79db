-- Notes the names $2 of the events that the worker $1 hears, if those noted before are $3.
INSERT INTO intent.workers AS worker (name, heard) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET heard = excluded.heard WHERE worker.heard IS NOT DISTINCT FROM $3;
